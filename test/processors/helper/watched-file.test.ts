import { mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { WatchedFile } from "../../../processors/helper/watched-file.ts";
import { testSettings } from "../../support/doubles.ts";

describe("a watched file", () => {
  let directory: string;
  let path: string;
  let applied: number[];
  let outcomes: string[];
  const create = (intervalMs = 0) =>
    new WatchedFile({
      key: "prices_file",
      path,
      intervalMs,
      schema: z.strictObject({ n: z.number().default(0).describe("Number.") }),
      apply: ({ n }) => {
        if (n < 0) throw new Error("n must not be negative");
        applied.push(n);
      },
      onRead: (outcome) => void outcomes.push(outcome),
      settings: testSettings({ id: "cost" }),
    });

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "signalbox-watched-"));
    path = join(directory, "file.yaml");
    applied = [];
    outcomes = [];
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it("is read at start, and again only when it has changed", async () => {
    await writeFile(path, "n: 1");
    const file = create();
    await file.start();
    await file.poll();
    await writeFile(path, "n: 22");
    await file.poll();
    await file.poll();
    expect([applied, outcomes]).toEqual([[1, 22], ["applied"]]);
  });

  it("holds the defaults when it is empty", async () => {
    await writeFile(path, "");
    await create().start();
    expect(applied).toEqual([0]);
  });

  it("leaves the earlier value in force when apply refuses the new one", async () => {
    await writeFile(path, "n: 1");
    const file = create();
    await file.start();
    await writeFile(path, "n: -5");
    await file.poll();
    await file.poll();
    expect([applied, outcomes]).toEqual([[1], ["refused"]]);
  });

  it("is followed through a symbolic link that is swapped", async () => {
    await writeFile(join(directory, "a"), "n: 1");
    await writeFile(join(directory, "b"), "n: 2");
    await symlink(join(directory, "a"), path);
    const file = create();
    await file.start();
    await symlink(join(directory, "b"), `${path}.new`);
    await rename(`${path}.new`, path);
    await file.poll();
    expect(applied).toEqual([1, 2]);
  });

  it("is looked at each interval, until it is stopped", async () => {
    await writeFile(path, "n: 1");
    const file = create(1);
    await file.start();
    await writeFile(path, "n: 22");
    // A write is two changes, truncation and content, so that what was read may be read once more.
    await vi.waitFor(() => expect([...new Set(applied)]).toEqual([1, 22]), { timeout: 10_000 });
    file.stop();
  });

  it("stops the start when it cannot be read, is no YAML, or is too large", async () => {
    await expect(create().start()).rejects.toThrow(`cost: prices_file ${path}: ENOENT`);
    await writeFile(path, "n: [");
    await expect(create().start()).rejects.toThrow(/line 1, column \d+: invalid YAML/);
    await writeFile(path, `# ${"x".repeat(5 * 1024 * 1024)}`);
    await expect(create().start()).rejects.toThrow(/is \d+ bytes, larger than 4194304/);
  });
});
