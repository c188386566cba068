import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { jsonToProtobuf } from "../../../otlp/json-to-protobuf.ts";
import { PermanentError } from "../../../pipeline/errors.ts";
import { countItems } from "../../../receivers/otlp/count-items.ts";
import { logsRequest } from "../../support/otlp.ts";

async function example(signal: "metrics" | "logs"): Promise<Uint8Array> {
  return jsonToProtobuf(signal, await readFile(new URL(`../../testdata/otlp/${signal}.json`, import.meta.url)));
}

describe("items of a request", () => {
  it("counts data points of every kind", async () => {
    expect(countItems("metrics", await example("metrics"))).toBe(4);
  });

  it("counts log records", () => {
    expect(countItems("logs", logsRequest(5))).toBe(5);
    expect(countItems("logs", new Uint8Array())).toBe(0);
  });

  it("adds up requests that are joined", () => {
    expect(countItems("logs", Buffer.concat([logsRequest(5), logsRequest(2)]))).toBe(7);
  });

  it.each(["metrics", "logs"] as const)("finds every truncation of %s", async (signal) => {
    const whole = await example(signal);
    for (let length = 1; length < whole.length; length++)
      expect(() => countItems(signal, whole.subarray(0, length))).toThrow(PermanentError);
  });
});
