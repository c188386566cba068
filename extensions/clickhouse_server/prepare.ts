import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { ClickHouseServerConfig } from "./config.ts";
import { resolveEngineLibrary } from "./library.ts";
import { claimEndpoint } from "./listen.ts";
import type { ServerOptions } from "./server.ts";
import { type ServerPaths, serverConfigXml } from "./server-config.ts";

/** Where the files of a server lie. */
export function serverPaths(directory: string): ServerPaths {
  const root = resolve(directory);
  return { data: join(root, "store"), config: join(root, "server.xml"), log: join(root, "server.log") };
}

/**
 * Does what must be done before the first start: finds the engine, makes the folder and the configuration file, and
 * settles the ports.
 *
 * @throws {Error} an optional package is missing, the folder cannot be made, or an address is taken
 */
export async function prepareServer(
  config: ClickHouseServerConfig,
  onOutput: (line: string) => void,
): Promise<ServerOptions> {
  const library = resolveEngineLibrary();
  const paths = serverPaths(config.directory);
  const { http_endpoint, tcp_endpoint, memory_limit, log_max_size, query_databases, settings } = config;
  await mkdir(paths.data, { recursive: true });
  const xml = serverConfigXml({
    paths,
    memoryLimit: memory_limit,
    logMaxSize: log_max_size,
    queryDatabases: query_databases,
    settings,
  });
  await writeFile(paths.config, xml);
  return {
    library,
    paths,
    http: await claimEndpoint(http_endpoint),
    tcp: tcp_endpoint && (await claimEndpoint(tcp_endpoint)),
    onOutput,
  };
}
