/** What the command line says about a run. */
export interface RunOptions {
  /** Values of `--config`, at least one, in their order. */
  readonly configs: readonly string[];
  /** Values of `--set`, in their order. */
  readonly sets: readonly string[];
}
