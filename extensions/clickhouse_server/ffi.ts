import { createRequire } from "node:module";

/** What is used of `ffi-rs`, whose own types are not there in an install without optional packages. */
export interface Ffi {
  readonly DataType: {
    readonly External: number;
    readonly I32: number;
    readonly StringArray: number;
    readonly U8Array: number;
  };
  open(library: { library: string; path: string }): void;
  close(library: string): void;
  /** With `errno` the result is in a record, beside the error number that the call left and its text. */
  load(call: {
    library: string;
    funcName: string;
    retType: number;
    paramsType: readonly number[];
    paramsValue: readonly unknown[];
    errno?: true;
  }): unknown;
}

/** A parameter of a call of libc: an `int`, or the address of some bytes. */
export type LibcParameter = number | Buffer;

/** Calls a function of libc that gives an `int`. `errnoMessage` says what was wrong where that is -1. */
export type LibcCall = (
  name: string,
  ...parameters: LibcParameter[]
) => { readonly value: number; readonly errnoMessage: string };

/**
 * Lends the C library, for what Node has no function for.
 *
 * @param ffiPath absolute path of the entry file of `ffi-rs`
 * @throws {Error} the library cannot be opened, or `use` throws
 */
export function withLibc<T>(ffiPath: string, use: (call: LibcCall) => T): T {
  const ffi = createRequire(import.meta.url)(ffiPath) as Ffi;
  const { DataType } = ffi;
  ffi.open({ library: "libc", path: process.platform === "darwin" ? "/usr/lib/libSystem.B.dylib" : "libc.so.6" });
  try {
    return use(
      (name, ...parameters) =>
        ffi.load({
          library: "libc",
          funcName: name,
          retType: DataType.I32,
          paramsType: parameters.map((value) => (typeof value === "number" ? DataType.I32 : DataType.U8Array)),
          paramsValue: parameters,
          errno: true,
        }) as { readonly value: number; readonly errnoMessage: string },
    );
  } finally {
    ffi.close("libc");
  }
}
