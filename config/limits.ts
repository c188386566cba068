/** Bounds on what a configuration may make the loader do. A configuration may come from a template or over HTTP. */
export interface LoadLimits {
  /** Bytes of one source: a file, a variable, an HTTP answer. */
  readonly maxSourceBytes: number;
  /** Levels of maps and lists within each other. */
  readonly maxDepth: number;
  /** Maps, lists and scalars of one source after its aliases are expanded. */
  readonly maxValues: number;
  /** Uses of YAML aliases, weighted by what they stand for, as the `yaml` library counts them. */
  readonly maxAliases: number;
  /** References within references, in one text or through the values they stand for. */
  readonly maxReferenceDepth: number;
  /** `${...}` references of a whole configuration. */
  readonly maxReferences: number;
  /** Milliseconds to wait for a source that comes over HTTP. */
  readonly httpTimeoutMs: number;
}

export const defaultLimits: LoadLimits = {
  maxSourceBytes: 4 * 1024 * 1024,
  maxDepth: 100,
  maxValues: 200_000,
  maxAliases: 100,
  maxReferenceDepth: 100,
  maxReferences: 10_000,
  httpTimeoutMs: 10_000,
};
