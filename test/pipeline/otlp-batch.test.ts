import { describe, expect, it } from "vitest";
import { OtlpBatch } from "../../pipeline/otlp-batch.ts";

const [a, b, c] = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];
const batch = new OtlpBatch("logs", [a, b], 5, undefined, ["of a", "of b"]);

describe("a batch of OTLP requests", () => {
  it("is the default project's where nobody says whose it is", () => {
    expect(new OtlpBatch("logs", [a, b], 5).projects).toEqual(["", ""]);
  });

  it("keeps the project of each request when it is joined, copied and given a context", () => {
    const context = { metadata: new Map(), auth: new Map() };
    const joined = OtlpBatch.joined([batch, new OtlpBatch("logs", [c], 1)])
      .clone()
      .withContext(context);
    expect(joined).toEqual(new OtlpBatch("logs", [a, b, c], 6, context, ["of a", "of b", ""]));
  });

  it("forgets the project of a request that goes, and keeps that of one that is changed", () => {
    expect(batch.changed([undefined, c], 2)).toEqual(new OtlpBatch("logs", [c], 2, undefined, ["of b"]));
  });
});
