/** Where a value stands: the keys and list positions from the top of the configuration. */
export type Path = readonly PropertyKey[];

/** One thing wrong with the configuration. */
export interface Problem {
  /** The file, variable or option that holds it; undefined when it is in none (nothing was given). */
  readonly source: string | undefined;
  /** Dotted path of the key; empty for the source as a whole. */
  readonly path: string;
  /** What is wrong and what would be accepted; never a secret. */
  readonly message: string;
}

/** Every problem of a configuration at once; the message has one line for each. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.problems = problems;
  }
}

/** `<source>: <path>: <message>`, without the parts that are missing. */
export function formatProblem({ source, path, message }: Problem): string {
  return [source, path, message].filter((part) => part !== undefined && part !== "").join(": ");
}

/** `exporters.otlp/eu.headers[0]`. */
export function formatPath(path: Path): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else text += text === "" ? String(key) : `.${String(key)}`;
  }
  return text;
}

// A key of a configuration may hold any printable character, dots and slashes among them.
const separator = "\u0000";

/** A path as a key of a Map. */
export function pathKey(path: Path): string {
  return path.map(String).join(separator);
}
