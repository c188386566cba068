import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { resolveEngineLibrary } from "../../../extensions/clickhouse_server/library.ts";

const own = createRequire(import.meta.url);

/** A `require` to which the packages in `missing` are not installed. */
function requireWithout(...missing: string[]): NodeJS.Require {
  const check = (name: string): string => {
    if (missing.some((prefix) => name.startsWith(prefix)))
      throw new Error(`Cannot find module '${name}'\nRequire stack:`);
    return name;
  };
  const load = (name: string): unknown => own(check(name));
  return Object.assign(load, own, { resolve: Object.assign((name: string) => own.resolve(check(name)), own.resolve) });
}

describe("the engine library", () => {
  it("is found in the optional packages", () => {
    const library = resolveEngineLibrary();
    expect(library.enginePath).toMatch(/libchdb\.(so|dylib)$/);
    expect(library.ffiPath).toContain("ffi-rs");
  });

  it.each(["chdb", "ffi-rs"])("names the ways out when %s is not installed", (name) => {
    expect(() => resolveEngineLibrary(requireWithout(name))).toThrow(
      "the embedded server needs the optional packages chdb and ffi-rs: install them without --omit=optional " +
        "(Linux with glibc or macOS, x64 or arm64), or set exporters.clickhouse.endpoint to a server of your own " +
        "and remove clickhouse_server from service.extensions",
    );
  });
});
