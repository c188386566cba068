import { describe, expect, it } from "vitest";
import { batchConfigSchema } from "../../../processors/batch/config.ts";
import { configOf, type Input } from "./support.ts";

describe("batch configuration", () => {
  const problem = (input: Input): string => {
    const { error } = batchConfigSchema.safeParse(input);
    const [issue] = error!.issues;
    return `${issue!.path.join(".")}: ${issue!.message}`;
  };

  it("has the Collector's defaults", () => {
    expect(configOf()).toMatchObject({
      timeout: 200,
      send_batch_size: 8192,
      send_batch_max_size: 0,
      metadata_keys: [],
      metadata_cardinality_limit: 1000,
    });
  });

  it("rejects a maximum below send_batch_size and keys listed twice", () => {
    expect(problem({ send_batch_max_size: 10 })).toBe(
      "send_batch_max_size: must be 0 or at least send_batch_size 8192, got 10",
    );
    expect(problem({ metadata_keys: ["a", "B", "b"] })).toBe(
      'metadata_keys.2: "b" is listed twice; case does not count',
    );
  });
});
