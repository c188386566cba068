import { createRequire } from "node:module";
import { messageOf } from "../../pipeline/errors.ts";

/** What the child process loads. */
export interface EngineLibrary {
  /** Absolute path of libchdb, the ClickHouse engine. */
  readonly enginePath: string;
  /** Absolute path of the entry file of `ffi-rs`, which calls it. */
  readonly ffiPath: string;
}

/** The part of `chdb/libchdb` used here; it finds the library without loading it. */
interface LibchdbModule {
  resolveLibchdb(): { readonly path: string };
}

/**
 * Finds the optional packages that carry the engine.
 *
 * @param require resolves them; given by tests only
 * @throws {Error} a package is missing, or there is none for this platform; the message names the ways out
 */
export function resolveEngineLibrary(require = createRequire(import.meta.url)): EngineLibrary {
  try {
    const libchdb = require("chdb/libchdb") as LibchdbModule;
    const ffiPath = require.resolve("ffi-rs");
    // The entry file loads the native half; without one for this platform it throws here, not in the child.
    require(ffiPath);
    return { enginePath: libchdb.resolveLibchdb().path, ffiPath };
  } catch (error) {
    throw new Error(`the embedded server needs the optional packages chdb and ffi-rs: ${waysOut()}`, {
      cause: new Error(firstLine(messageOf(error)), { cause: error }),
    });
  }
}

function waysOut(): string {
  const install =
    process.platform === "win32"
      ? "on Windows run Signalbox in WSL"
      : "install them without --omit=optional (Linux with glibc or macOS, x64 or arm64)";
  return `${install}, or set exporters.clickhouse.endpoint to a server of your own and remove clickhouse_server from service.extensions`;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]!;
}
