import { parseArgs } from "node:util";

export interface DemoOptions {
  /** Where a Signalbox takes OTLP over HTTP. */
  readonly endpoint: string;
  /** Where its ClickHouse answers; may hold user and password. */
  readonly clickhouse: string;
  /** Where its API answers. */
  readonly api: string;
  readonly database: string;
  readonly traces: number;
  readonly seed: number;
}

/** A fault that the message explains in full. */
export class DemoError extends Error {
  override readonly name = "DemoError";
}

export const usage = `usage: npm run demo -- [options]
  --endpoint URL     where Signalbox takes OTLP over HTTP (OTEL_EXPORTER_OTLP_ENDPOINT, http://127.0.0.1:4318)
  --clickhouse URL   where its ClickHouse answers (CLICKHOUSE_URL, http://127.0.0.1:8123)
  --api URL          where its API answers (SIGNALBOX_API_URL, http://127.0.0.1:8080)
  --database NAME    database of the table otel_traces (otel)
  --traces N         how many traces to send, 1 to 20000 (300)
  --seed N           the same seed tells the same story (1)
`;

/** @throws {DemoError} an option is unknown or has a wrong value */
export function optionsOf(args: readonly string[], env: NodeJS.ProcessEnv): DemoOptions | "help" {
  const { values } = parse(args);
  if (values.help === true) return "help";
  return {
    endpoint: addressOf("--endpoint", values.endpoint ?? env["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? "http://127.0.0.1:4318"),
    clickhouse: addressOf("--clickhouse", values.clickhouse ?? env["CLICKHOUSE_URL"] ?? "http://127.0.0.1:8123"),
    api: addressOf("--api", values.api ?? env["SIGNALBOX_API_URL"] ?? "http://127.0.0.1:8080"),
    database: values.database ?? "otel",
    traces: wholeNumber("--traces", values.traces ?? "300", 1, 20_000),
    seed: wholeNumber("--seed", values.seed ?? "1", 0, 2 ** 32 - 1),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        endpoint: { type: "string" },
        clickhouse: { type: "string" },
        api: { type: "string" },
        database: { type: "string" },
        traces: { type: "string" },
        seed: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new DemoError(`${(error as Error).message}\n${usage}`, { cause: error });
  }
}

function addressOf(option: string, text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new DemoError(`${option} must be an address such as http://127.0.0.1:4318, got "${text}"`);
  }
  return text.replace(/\/+$/, "");
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new DemoError(`${option} must be a whole number from ${least} to ${most}, got "${text}"`);
}
