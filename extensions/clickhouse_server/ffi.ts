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
