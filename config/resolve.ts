import { defaultLimits, type LoadLimits } from "./limits.ts";
import { merge, Origins } from "./merge.ts";
import { ConfigError, formatPath, formatProblem, type Path, type Problem, pathKey } from "./problems.ts";
import { parseUri, retrieve, SourceError, sourceName } from "./sources.ts";
import { Substitution } from "./substitute.ts";
import { collapse, Expanded, isMapping, type Mapping, Texts } from "./tree.ts";
import { parseYaml } from "./yaml.ts";

/** The merged sources with every reference replaced, not yet checked against any schema. */
export interface ResolvedConfig {
  readonly tree: Mapping;
  readonly texts: Texts;
  readonly origins: Origins;
  /** References that could not be replaced; null stands in their place. */
  readonly problems: readonly Problem[];
  /** Keys of `pathKey` for the places of these problems. */
  readonly failedPaths: ReadonlySet<string>;
  /** Messages on variables that are not set, by `pathKey` of where they are missed. */
  readonly unset: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

/** One `--config` or `--set`, read. */
interface Source {
  readonly name: string;
  readonly tree: Mapping;
}

/**
 * Reads and merges a configuration, and replaces its references.
 *
 * @throws {ConfigError} a source that cannot be read or is no map of YAML; problems of references are in the result
 */
export async function resolveConfig(
  sources: readonly string[],
  sets: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  limits: LoadLimits = defaultLimits,
): Promise<ResolvedConfig> {
  if (sources.length === 0) throw new ConfigError([problem(undefined, "at least one config flag must be provided")]);
  const reading = [
    ...sources.map((source) => readSource(source, env, limits)),
    ...sets.map((set) => naming("--set", async () => readSet(set, limits))),
  ];
  const read = await Promise.allSettled(reading);
  const problems = read.flatMap((result) => (result.status === "rejected" ? problemsOf(result.reason) : []));
  if (problems.length > 0) throw new ConfigError(problems);
  return substitute(
    read.flatMap((result) => (result.status === "fulfilled" ? [result.value] : [])),
    env,
    limits,
  );
}

async function substitute(
  sources: readonly Source[],
  env: NodeJS.ProcessEnv,
  limits: LoadLimits,
): Promise<ResolvedConfig> {
  const origins = new Origins();
  for (const { tree, name } of sources) origins.record(tree, name);
  const merged = sources.reduce<unknown>((base, { tree }) => merge(base, tree), {});
  const substitution = new Substitution(env, limits);
  const texts = new Texts();
  const tree = collapse(await substitution.apply(merged), texts) as Mapping;
  const located = ({ path, message }: { path: Path; message: string }): Problem => ({
    source: origins.of(path),
    path: formatPath(path),
    message,
  });
  return {
    tree,
    texts,
    origins,
    problems: substitution.problems.map(located),
    failedPaths: substitution.failedPaths,
    unset: new Map(substitution.warnings.map(({ path, message }) => [pathKey(path), message])),
    warnings: substitution.warnings.map((warning) => formatProblem(located(warning))),
  };
}

function problem(source: string | undefined, message: string): Problem {
  return { source, path: "", message };
}

function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof ConfigError) return error.problems;
  throw error;
}

async function readSource(text: string, env: NodeJS.ProcessEnv, limits: LoadLimits): Promise<Source> {
  const uri = await naming("--config", async () => parseUri(text, "file"));
  const name = sourceName(uri);
  return naming(name, async () => {
    const content = await retrieve(uri, env, limits);
    if (content === undefined) throw new SourceError("environment variable is not set");
    const tree = parseSource(content, name, limits);
    return { name, tree: uri.scheme === "yaml" ? nestKeys(tree) : tree };
  });
}

/** Turns what is wrong with a source into a problem that names it. */
async function naming<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    throw new ConfigError([problem(name, error.message)]);
  }
}

function parseSource(content: string, name: string, limits: LoadLimits): Mapping {
  const { value, errors } = parseYaml(content, limits);
  if (errors.length > 0) throw new ConfigError(errors.map((message) => problem(name, message)));
  if (value === null || value === undefined) return {};
  if (isMapping(value)) return value;
  throw new SourceError(
    `must hold a map with receivers, exporters and service, got ${Array.isArray(value) ? "a list" : "a scalar"}`,
  );
}

/** `a::b: v` as `a: {b: v}`. */
function nestKeys(tree: Mapping): Mapping {
  return Object.entries(tree).reduce<Mapping>(
    (nested, [key, value]) => merge(nested, nest(splitKey(key, "::"), value)) as Mapping,
    {},
  );
}

function nest(keys: readonly string[], value: unknown): unknown {
  return keys.reduceRight((inner, key) => ({ [key]: inner }), value);
}

function splitKey(path: string, delimiter: string): readonly string[] {
  const keys = path.split(delimiter);
  if (!keys.includes("") && !keys.includes("__proto__")) return keys;
  throw new SourceError(`key "${path}" is not valid, must be names separated by ${delimiter}`);
}

function readSet(set: string, limits: LoadLimits): Source {
  const equals = set.indexOf("=");
  const path = set.slice(0, equals).trim();
  // Not the option as it was given: it may be a password whose key was forgotten.
  if (equals < 1) {
    throw new ConfigError([problem("--set", "must be a key and a value such as exporters.debug.verbosity=detailed")]);
  }
  const text = set.slice(equals + 1);
  const { value, errors, duplicateKeys } = parseYaml(text, limits);
  if (duplicateKeys) throw new ConfigError(errors.map((message) => problem(`--set ${path}`, message)));
  const keys = splitKey(path, path.includes("::") ? "::" : ".");
  return { name: "--set", tree: nest(keys, errors.length > 0 ? text : withText(value, text)) as Mapping };
}

/** A scalar that a string field may take as it was written; maps and lists stay open to merging. */
function withText(value: unknown, text: string): unknown {
  const isString = typeof value === "string";
  const isTree = typeof value === "object" && value !== null;
  return isString || isTree ? value : new Expanded(value, text);
}
