import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  acceptedSession,
  acceptedSignal,
  acceptedSignals,
  acceptedSpan,
  acceptedTrace,
} from "../../../receivers/zeroeval/accepted.ts";

const folder = new URL("../../testdata/zeroeval/", import.meta.url);

interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly status: number;
}

const schemas: Readonly<Record<string, z.ZodType>> = {
  "/spans": z.array(acceptedSpan),
  "/traces": z.array(acceptedTrace),
  "/sessions": z.array(acceptedSession),
  "/signals": acceptedSignal,
  "/signals/bulk": acceptedSignals,
};

const recorded = readdirSync(folder)
  .filter((name) => /^(python|typescript)-[\d.]+\.json$/.test(name))
  .flatMap((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Exchange[])
  .filter(({ method, path, status }) => method === "POST" && status === 200 && schemas[path] !== undefined);

describe("what the API's description says of bodies", () => {
  it.each(recorded.map((one) => [one.path, one.body] as const))("holds for what an SDK sent to %s", (path, body) => {
    expect(schemas[path]!.safeParse(body).error).toBeUndefined();
  });

  it("was held against spans and signals", () => {
    expect([...new Set(recorded.map(({ path }) => path))]).toEqual(expect.arrayContaining(["/spans", "/signals/bulk"]));
  });

  const span = { trace_id: "3f2b8c1e-6a0d-4e57-9b1c-2d7f4a5e6b70", name: "n", started_at: 1 };
  it.each([{ trace_id: "x" }, { name: "" }, { started_at: null }, { status: "fine" }, { cost: -1 }, { tags: [] }])(
    "refuses a span with %j, as the route does",
    (wrong) => {
      expect(acceptedSpan.safeParse(span).success).toBe(true);
      expect(acceptedSpan.safeParse({ ...span, ...wrong }).success).toBe(false);
    },
  );
});
