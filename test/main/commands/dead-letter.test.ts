import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it, onTestFinished } from "vitest";
import { runCli } from "../../../main/cli.ts";
import { loadComponents } from "../../../pipeline/components.ts";

const header = {
  component: "clickhouse/eu",
  time: "2026-01-02T03:04:05.000Z",
  table: "`otel`.`otel_traces`",
  token: "t",
  error: { code: 60, name: "UNKNOWN_TABLE", message: "x" },
  rows: 1,
  columns: ["SpanId"],
};

/** Runs `dead-letter` with two exporters whose dead letters lie in `directory`. */
async function deadLetter(directory: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const exporter = `{endpoint: "http://127.0.0.1:1", timeout: 1s, dead_letter: {directory: ${JSON.stringify(directory)}}}`;
  const config = `yaml:
receivers: {nop: }
exporters: {clickhouse: ${exporter}, clickhouse/eu: ${exporter}}
service: {pipelines: {traces: {receivers: [nop], exporters: [clickhouse, clickhouse/eu]}}}`;
  const outcome = { code: -1, out: "", err: "" };
  outcome.code = await runCli(["dead-letter", ...args, "--config", config], {
    out: (text) => {
      outcome.out += text;
    },
    err: (text) => {
      outcome.err += text;
    },
    input: () => Readable.from([]),
    env: {},
    components: loadComponents,
    run: async () => undefined,
  });
  return outcome;
}

async function folderWithLetter(): Promise<{ directory: string; file: string }> {
  const directory = await mkdtemp(join(tmpdir(), "signalbox-test-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "a.ndjson");
  await writeFile(file, `${JSON.stringify(header)}\n{"SpanId":"ab"}\n`);
  return { directory, file };
}

describe("signalbox dead-letter", () => {
  it("lists the files of each exporter", async () => {
    const { directory, file } = await folderWithLetter();
    const { code, out } = await deadLetter(directory, "list");
    expect({ code, out: out.replace(/\d+ bytes/, "N bytes") }).toEqual({
      code: 0,
      out: `${file} N bytes: 2026-01-02T03:04:05.000Z clickhouse/eu 1 rows for \`otel\`.\`otel_traces\`, UNKNOWN_TABLE\n`,
    });
  });

  it("says which file was not stored, keeps it, and exits 1", async () => {
    const { directory, file } = await folderWithLetter();
    const { code, out, err } = await deadLetter(directory, "replay", "--exporter", "clickhouse/eu");
    expect(code).toBe(1);
    expect(out).toContain(`${file}: not stored: ECONNREFUSED`);
    expect(err).toBe("dead-letter: 1 of 1 files were not stored\n");
    expect(await readdir(directory)).toEqual(["a.ndjson"]);
  });

  it("wants to know which exporter takes a named file", async () => {
    const { directory, file } = await folderWithLetter();
    expect(await deadLetter(directory, "replay", file)).toMatchObject({
      code: 1,
      err: "--exporter must say which one takes the files: clickhouse, clickhouse/eu\n",
    });
  });

  it("says when there is no such exporter", async () => {
    const { directory } = await folderWithLetter();
    expect((await deadLetter(directory, "list", "--exporter", "clickhouse/us")).err).toBe(
      'dead-letter: no clickhouse exporter "clickhouse/us" is configured\n',
    );
  });
});
