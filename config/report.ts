import { formatPath, formatProblem, type Path, type Problem, pathKey } from "./problems.ts";
import type { ResolvedConfig } from "./resolve.ts";

/** Collects what is wrong, or worth a warning, while a configuration is checked. */
export class Report {
  readonly problems: Problem[];
  readonly #warnings: Set<string>;
  readonly #resolved: ResolvedConfig;

  constructor(resolved: ResolvedConfig) {
    this.#resolved = resolved;
    this.problems = [...resolved.problems];
    this.#warnings = new Set(resolved.warnings);
  }

  /** @param at the place at fault, when it is not the key that the message is about */
  problem(path: Path, message: string, at: Path = path): void {
    // A reference that could not be replaced has its own problem already.
    if (this.#resolved.failedPaths.has(pathKey(path))) return;
    const unset = this.#resolved.unset.get(pathKey(path));
    this.problems.push(this.#located(path, unset === undefined ? message : `${message} (${unset})`, at));
  }

  warning(path: Path, message: string): void {
    this.#warnings.add(formatProblem(this.#located(path, message, path)));
  }

  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  #located(path: Path, message: string, at: Path): Problem {
    return { source: this.#resolved.origins.of(at), path: formatPath(path), message };
  }
}
