import {
  type DestinationStream,
  type Logger,
  type LoggerOptions,
  multistream,
  destination as openFile,
  pino,
} from "pino";
import pretty, { type PrettyOptions } from "pino-pretty";
import { REDACTED } from "../config/secret.ts";
import type { Signal } from "../pipeline/batch.ts";
import { messageOf } from "../pipeline/errors.ts";
import type { LogsConfig } from "./config.ts";
import { logError } from "./log-error.ts";
import { LogSampler } from "./log-sampling.ts";

/** Levels of the Collector's logger that pino has no name for. */
const levelAliases: Readonly<Record<string, string>> = { dpanic: "fatal", panic: "fatal" };

/** Fields whose values no line may show, at the top of a line and one level down. */
const secretFields = ["authorization", "cookie", "password", "token", "secret", "api_key", "apiKey", "key_pem"];
const redactPaths = secretFields.flatMap((field) => [field, `*.${field}`, `headers.${field}`, `*.headers.${field}`]);

/** What `componentLogger` adds to every line. */
const componentFields = ["otelcol.component.id", "otelcol.component.kind", "otelcol.signal"] as const;

const standardDescriptors: Readonly<Record<string, 1 | 2>> = { stdout: 1, stderr: 2 };

/**
 * Makes the logger of the process. Lines are written before the call returns, so that none is lost in a crash.
 *
 * @throws {Error} unknown level, or an output path that cannot be opened
 */
export function createLogger(config: LogsConfig): Logger {
  const streams = config.output_paths.map((path) => openOutput(path, config.encoding));
  const single = streams.length === 1 ? streams[0] : undefined;
  return pino(loggerOptions(config), single ?? multistream(streams.map((stream) => ({ level: "trace", stream }))));
}

/** The logger of one component: its lines say which one wrote them. */
export function componentLogger(
  logger: Logger,
  kind: "receiver" | "processor" | "exporter" | "extension",
  id: string,
  signal?: Signal,
): Logger {
  return logger.child({
    "otelcol.component.id": id,
    "otelcol.component.kind": kind,
    ...(signal === undefined ? {} : { "otelcol.signal": signal }),
  });
}

function loggerOptions(config: LogsConfig): LoggerOptions {
  const lower = config.level.toLowerCase();
  const level = levelAliases[lower] ?? lower;
  if (pino.levels.values[level] === undefined) {
    const known = Object.keys(pino.levels.values).join(", ");
    throw new Error(`service.telemetry.logs.level: unknown level "${config.level}", must be one of ${known}`);
  }
  const sampler = config.sampling?.enabled === true ? new LogSampler(config.sampling) : undefined;
  return {
    level,
    base: { ...config.initial_fields },
    timestamp: () => `,"ts":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: logError, error: logError },
    redact: { paths: redactPaths, censor: REDACTED },
    ...(sampler === undefined
      ? {}
      : {
          hooks: {
            logMethod(args, method, levelNumber) {
              if (sampler.passes(levelNumber, messageIn(args))) method.apply(this, args);
            },
          },
        }),
  };
}

/** The message of a log call, which stands first or behind an object of fields. */
function messageIn([first, second]: readonly unknown[]): string {
  if (typeof first === "string") return first;
  if (typeof second === "string") return second;
  return first instanceof Error ? first.message : "";
}

/** One line a message: time, level, component, text, and the other fields behind it. */
const forPeople: PrettyOptions = {
  timestampKey: "ts",
  sync: true,
  singleLine: true,
  ignore: ["pid", "hostname", ...componentFields.map((field) => field.replaceAll(".", "\\."))].join(","),
  messageFormat: (line, messageKey) => {
    const id = line["otelcol.component.id"];
    const message = String(line[messageKey] ?? "");
    return id === undefined || message.startsWith(`${id}: `) ? message : `${id}: ${message}`;
  },
};

function openOutput(path: string, encoding: string | undefined): DestinationStream {
  const descriptor = standardDescriptors[path];
  const isTerminal = descriptor !== undefined && (descriptor === 1 ? process.stdout : process.stderr).isTTY === true;
  const isPretty = encoding === "console" || (encoding !== "json" && isTerminal);
  try {
    const stream = openFile({ dest: descriptor ?? path, sync: true, mkdir: descriptor === undefined });
    if (!isPretty) return stream;
    return pretty({ ...forPeople, destination: stream, colorize: isTerminal });
  } catch (error) {
    throw new Error(`service.telemetry.logs.output_paths: cannot open "${path}": ${messageOf(error)}`, {
      cause: error,
    });
  }
}
