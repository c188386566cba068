import { createReadStream } from "node:fs";
import { messageOf } from "../pipeline/errors.ts";
import type { LoadLimits } from "./limits.ts";
import { redactText } from "./redact-text.ts";
import { didYouMean } from "./suggest.ts";

/** The ways a configuration, or a part of it, can be named. */
export const schemes = ["env", "file", "yaml", "http", "https"] as const;
export type Scheme = (typeof schemes)[number];

/** `scheme:value`, as in `--config env:CONFIG` and `${file:/run/token}`. */
export interface Uri {
  readonly scheme: Scheme;
  /** What follows the colon; for http and https the whole address. */
  readonly value: string;
}

/** A source that cannot be read; the message says why, and is written after the name of who asked for it. */
export class SourceError extends Error {
  override readonly name = "SourceError";
}

// Two letters at least: `C:\signalbox.yaml` is a path.
const schemePattern = /^([A-Za-z][A-Za-z0-9+.-]+):(.*)$/s;
const variablePattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Reads `scheme:value`; a text without a scheme belongs to `fallback`. */
export function parseUri(text: string, fallback: Scheme): Uri {
  const match = schemePattern.exec(text);
  if (match === null) return { scheme: fallback, value: text };
  const [, scheme = "", value = ""] = match;
  if (!isScheme(scheme)) {
    const suggestion = didYouMean(scheme, schemes);
    throw new SourceError(`scheme "${scheme}" is not supported, must be ${schemes.join(", ")}${suggestion}`);
  }
  return { scheme, value: scheme === "http" || scheme === "https" ? text : value };
}

function isScheme(text: string): text is Scheme {
  return (schemes as readonly string[]).includes(text);
}

/** How problems name a source: without what an inline source holds, and without passwords. */
export function sourceName({ scheme, value }: Uri): string {
  if (scheme === "file") return value;
  if (scheme === "yaml") return "yaml";
  return scheme === "env" ? `env:${value.split(":-", 1)[0]}` : redactText(value);
}

/**
 * Reads the text behind a URI.
 *
 * @returns undefined for a variable that is not set and has no default
 * @throws {SourceError} it cannot be read, or is larger than `maxSourceBytes`
 */
export async function retrieve(uri: Uri, env: NodeJS.ProcessEnv, limits: LoadLimits): Promise<string | undefined> {
  switch (uri.scheme) {
    case "yaml":
      return uri.value;
    case "env":
      return retrieveVariable(uri.value, env);
    case "file":
      return readBounded(createReadStream(uri.value, { end: limits.maxSourceBytes }), limits);
    default:
      return fetchText(uri.value, limits);
  }
}

function retrieveVariable(value: string, env: NodeJS.ProcessEnv): string | undefined {
  const [name = "", ...fallback] = value.split(":-");
  if (!variablePattern.test(name)) {
    throw new SourceError(
      `environment variable "${name}" has an invalid name, must match ${variablePattern.source}; write $$ for a dollar sign`,
    );
  }
  return env[name] ?? (fallback.length > 0 ? fallback.join(":-") : undefined);
}

async function fetchText(address: string, limits: LoadLimits): Promise<string> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(limits.httpTimeoutMs) });
    if (!response.ok) throw new SourceError(`cannot be fetched: status ${response.status}`);
    return response.body === null ? "" : await readBounded(response.body, limits);
  } catch (error) {
    if (error instanceof SourceError) throw error;
    // fetch hides the reason in the cause, and its own message may repeat the address with a password.
    const reason = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new SourceError(`cannot be fetched: ${redactText(messageOf(reason))}`, { cause: error });
  }
}

async function readBounded(stream: AsyncIterable<Uint8Array>, limits: LoadLimits): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      bytes += chunk.length;
      if (bytes > limits.maxSourceBytes) throw new SourceError(`is larger than ${limits.maxSourceBytes} bytes`);
      chunks.push(chunk);
    }
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw new SourceError(reasonOf(error), { cause: error });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "cannot be read: no such file",
  EACCES: "cannot be read: permission denied",
  EISDIR: "cannot be read: is a directory",
  ERR_ENCODING_INVALID_ENCODED_DATA: "is not UTF-8 text",
};

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return reasons[code ?? ""] ?? `cannot be read: ${messageOf(error)}`;
}
