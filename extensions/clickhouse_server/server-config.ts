import { availableParallelism } from "node:os";
import { projectPolicy, queryGrants, querySettings, queryUser } from "../../exporters/clickhouse/schema/query-user.ts";

/** Where things are inside `directory`. */
export interface ServerPaths {
  readonly data: string;
  readonly config: string;
  readonly log: string;
}

/** What the configuration file is made from. */
export interface ServerConfigOptions {
  readonly paths: ServerPaths;
  /** Bytes. */
  readonly memoryLimit: number;
  /** Bytes. */
  readonly logMaxSize: number;
  /** Databases whose rows the API's queries may read. */
  readonly queryDatabases: readonly string[];
  /** Added last: they win. */
  readonly settings: Readonly<Record<string, Scalar>>;
}

type Scalar = string | number | boolean;
/** Elements by name; a list repeats its element, and `@name` is the attribute of the element that holds it. */
type Tree = { readonly [key: string]: Scalar | Tree | readonly (Scalar | Tree)[] };

const mib = 2 ** 20;

/**
 * The server's configuration file, in XML.
 *
 * ClickHouse logs into tables of its own only where a `<query_log>` and the like ask for them; there is none, so these
 * tables are never made. The file is its own `users_config`.
 *
 * @see https://clickhouse.com/docs/operations/server-configuration-parameters/settings
 */
export function serverConfigXml(options: ServerConfigOptions): string {
  const cacheBytes = Math.min(256 * mib, Math.floor(options.memoryLimit / 16));
  const tree: Tree = {
    logger: { log: options.paths.log, size: options.logMaxSize, count: 1 },
    "log-level": "warning",
    users_config: options.paths.config,
    timezone: "UTC",
    ...memorySettings(options.memoryLimit, cacheBytes),
    ...poolSettings,
    ...options.settings,
    merge_tree: mergeTreeSettings,
    ...userSettings(options),
  };
  return `<clickhouse>\n${render(tree, "  ")}</clickhouse>\n`;
}

function memorySettings(memoryLimit: number, cacheBytes: number): Tree {
  return {
    max_server_memory_usage: memoryLimit,
    max_server_memory_usage_to_ram_ratio: 0.8,
    // The limit is for the server. Its control group is Signalbox's as well, and whoever else's is in the container: counted
    // by that, their memory would make the server refuse inserts and queries while it uses next to none itself.
    memory_worker_use_cgroup: 0,
    // Freed memory that the allocator keeps for the next insert or merge (allocatorSettings): given back to the system where it
    // is more than this share of the limit, a fifth by default, which a merge of spans takes.
    memory_worker_purge_dirty_pages_threshold_ratio: 0.5,
    merges_mutations_memory_usage_soft_limit: Math.floor(memoryLimit / 2),
    mark_cache_size: cacheBytes,
    primary_index_cache_size: cacheBytes,
    index_mark_cache_size: cacheBytes,
    // A span looked for by its id alone asks the filters of all parts, 2 MB for a million spans.
    index_uncompressed_cache_size: cacheBytes,
    uncompressed_cache_size: 0,
    vector_similarity_index_cache_size: mib,
    iceberg_metadata_files_cache_size: mib,
    compiled_expression_cache_size: 32 * mib,
  };
}

// Merges must keep up with inserts, and leave the cores to inserts and queries: half of the cores are theirs, and each of these
// threads works at two merges in turns, so that a large one does not hold up small ones. They run when nothing else does
// (merge-threads.ts); the nice value, which ClickHouse sets with CAP_SYS_NICE only, is for where that is not to be had. So a
// burst is stored at the price of inserts alone, and merged afterwards; under a load that does not end, parts_to_delay_insert
// slows inserts down until merges keep up.
const poolSettings: Tree = {
  background_pool_size: Math.max(1, Math.floor(availableParallelism() / 2)),
  background_merges_mutations_concurrency_ratio: 2,
  os_threads_nice_value_merge_mutate: 10,
  background_schedule_pool_size: 8,
  max_thread_pool_size: 1_000,
  max_connections: 512,
  max_concurrent_queries: 100,
};

// The defaults count on a pool of 32: with more free entries asked for than the pool has, neither mutations nor large
// merges would ever be picked.
const mergeTreeSettings: Tree = {
  number_of_free_entries_in_pool_to_lower_max_size_of_merge: 1,
  number_of_free_entries_in_pool_to_execute_mutation: 1,
  number_of_free_entries_in_pool_to_execute_optimize_entire_partition: 1,
  // Merge four times as many parts at a time as by default: a row is merged fewer times, which for inserts of 2,000 rows is a
  // fifth of the server's CPU (bench/README.md). There are more parts for it, some tens; those of old days are merged by age.
  merge_selector_base: 20,
  // Lengths of texts in the stream of the texts, not in one of their own: 8 % fewer bytes of spans, half as many files for
  // their texts (bench/README.md). What it gives up, lengths without reading texts, no query of ours asks for.
  string_serialization_version: "single_stream",
  // Merges would count the distinct values of every column, and planning a query open the counts of every column and part,
  // which takes 20 ms (bench/README.md).
  auto_statistics_types: "",
  materialize_statistics_on_merge: 0,
  // A third of the default: readers open every part.
  parts_to_delay_insert: 300,
};

// The API sends this with its own statements (query/quick-reads.ts), but with none of POST /query: those carry only what every
// server knows, and may set nothing themselves.
const readSettings: Tree = { use_skip_indexes_on_data_read: 0, use_statistics: 0 };

// A query has a thread for each core. By default it has one for each GiB that is free below the server's limit, which with the
// limits of an embedded server is one (bench/README.md).
// The indexes of the parts are asked by one thread: a task for each part, as with more threads, costs more than it does
// (bench/README.md). Data on the machine's own disk is meant; from afar the waits would add up.
const threadSettings: Tree = { max_threads_min_free_memory_per_thread: 128 * mib, max_threads_for_indexes: 1 };

function userSettings({ memoryLimit, queryDatabases }: ServerConfigOptions): Tree {
  const networks = { ip: ["127.0.0.0/8", "::1"] };
  return {
    profiles: {
      default: { log_queries: 0, ...threadSettings, max_memory_usage: Math.floor(memoryLimit * 0.75) },
      [queryUser]: { ...querySettings, ...readSettings, ...threadSettings },
    },
    users: {
      default: { password: "", networks, profile: "default", quota: "default" },
      [queryUser]: {
        password: "",
        networks,
        profile: queryUser,
        quota: "default",
        grants: { query: queryDatabases.flatMap((database) => queryGrants(database)) },
        // A table without a name stands for all tables of the database.
        databases: {
          database: queryDatabases.map((name) => ({ "@name": name, table: { "@name": "", filter: projectPolicy } })),
        },
      },
    },
    quotas: { default: {} },
  };
}

function render(tree: Tree, indent: string): string {
  return Object.entries(tree)
    .filter(([key]) => !key.startsWith("@"))
    .flatMap(([key, value]) => (Array.isArray(value) ? value : [value]).map((item) => element(key, item, indent)))
    .join("");
}

function element(key: string, value: Scalar | Tree, indent: string): string {
  if (typeof value !== "object") return `${indent}<${key}>${escapeXml(String(value))}</${key}>\n`;
  const attributes = Object.entries(value).filter(([name]) => name.startsWith("@"));
  const head = [key, ...attributes.map(([name, text]) => `${name.slice(1)}="${escapeXml(String(text))}"`)].join(" ");
  return `${indent}<${head}>\n${render(value, `${indent}  `)}${indent}</${key}>\n`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
