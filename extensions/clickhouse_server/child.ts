import type { Ffi } from "./ffi.ts";

/**
 * What runs in the child process: the engine as `clickhouse local`, until the last query of `args` ends.
 *
 * The function is handed to Node as text (`--eval`), for a `.ts` file cannot be run by every supported Node and a path
 * to a compiled file exists only after a build; as text it starts alike from sources, from `dist` and from a bundle.
 * So it may use nothing but its parameters and globals.
 *
 * A process of its own is needed because the call blocks its thread and a crash of the engine ends the process. Of the
 * bindings to C only `ffi-rs` will do: `koffi` switches stacks, which ClickHouse's stack check takes for a deep recursion.
 *
 * @param load the `require` of the evaluated script
 * @param args path of ffi-rs, path of libchdb, then the command line of `clickhouse local`
 */
function runEngine(load: NodeJS.Require, args: readonly string[]): void {
  const [ffiPath, enginePath, ...commandLine] = args as [string, string, ...string[]];
  const ffi: Ffi = load(ffiPath);
  ffi.open({ library: "libchdb", path: enginePath });
  const argv = ["clickhouse-local", ...commandLine];
  ffi.load({
    library: "libchdb",
    funcName: "chdb_query_cmdline",
    retType: ffi.DataType.External,
    paramsType: [ffi.DataType.I32, ffi.DataType.StringArray],
    paramsValue: [argv.length, argv],
  });
  process.exit(0);
}

/** The script for `node --eval`; `process.argv` from 1 on holds the arguments of `runEngine`. */
export const childScript = `(${runEngine})(require, process.argv.slice(1));`;
