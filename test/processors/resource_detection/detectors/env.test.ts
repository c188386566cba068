import { describe, expect, it } from "vitest";
import { detect, surroundings } from "../support.ts";

describe("detector env", () => {
  const read = (OTEL_RESOURCE_ATTRIBUTES: string, block = {}) =>
    detect("env", surroundings({ env: { OTEL_RESOURCE_ATTRIBUTES } }), block);

  it("reads keys and values, percent-encoded, with spaces around them", async () => {
    expect(await read(" service.name=shop , team=a%2Cb%3D%C3%BC,version=1.0+build=7,")).toEqual({
      "service.name": "shop",
      team: "a,b=ü",
      version: "1.0+build=7",
    });
    expect(await read("")).toEqual({});
  });

  it("takes only what allowlist names", async () => {
    expect(await read("a=1,b=2", { allowlist: ["b"] })).toEqual({ b: "2" });
  });

  it("names the key at fault and shows no value", async () => {
    await expect(read("a=1,s3cret")).rejects.toThrow(/^OTEL_RESOURCE_ATTRIBUTES has an entry that is not key=value$/);
    await expect(read("a=%zzs3cret")).rejects.toThrow(
      /^OTEL_RESOURCE_ATTRIBUTES: a has a value with broken percent-encoding$/,
    );
  });
});
