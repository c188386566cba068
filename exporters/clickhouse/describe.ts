import type { Signal } from "../../pipeline/batch.ts";
import { databaseOf, endpointOf } from "./client.ts";
import type { ClickHouseConfig } from "./config.ts";
import { quoteName } from "./schema/sql.ts";

/** Says where the rows of `signals` lie; of spans with a command that shows the newest when it is pasted into a shell. */
export function describeTables(id: string, config: ClickHouseConfig, signals: readonly Signal[]): readonly string[] {
  const url = endpointOf(config).urls[0]!;
  const { logs_table_name: logs, metrics_tables: metrics } = config;
  const stored = (what: string, table: string): string =>
    `${id}: ${what} are stored in ${databaseOf(config)}.${table} at ${url}`;
  return [
    ...(signals.includes("traces") ? describeSpans(id, config) : []),
    ...(signals.includes("logs") ? [stored("log records", logs)] : []),
    ...(signals.includes("metrics") ? [stored("metrics", `${metrics.gauge.name} and its like`)] : []),
  ];
}

function describeSpans(id: string, config: ClickHouseConfig): readonly string[] {
  const endpoint = endpointOf(config);
  const database = databaseOf(config);
  const url = endpoint.urls[0]!;
  const username = endpoint.username ?? config.username;
  // curl asks for the password.
  const user = username === "" ? "" : ` --user ${shellQuote(username)}`;
  const table = `${plainOrQuoted(database)}.${plainOrQuoted(config.traces_table_name)}`;
  const query =
    "SELECT Timestamp, ServiceName, SpanName, round(Duration / 1e6, 1) AS Ms, StatusCode " +
    `FROM ${table} ORDER BY Timestamp DESC LIMIT 10 FORMAT PrettyCompactMonoBlock`;
  return [
    `${id}: spans are stored in ${database}.${config.traces_table_name} at ${url}; look at them with`,
    `  curl${user} ${url} --data-binary ${shellQuote(query)}`,
  ];
}

function plainOrQuoted(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : quoteName(name);
}

function shellQuote(text: string): string {
  return /^[\w.@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
