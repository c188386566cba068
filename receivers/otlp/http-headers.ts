import { PermanentError, StatusCode } from "../../pipeline/errors.ts";
import type { Encoding } from "./answer.ts";
import type { HttpConfig } from "./config-http.ts";
import { type Coding, codings } from "./decompress.ts";

/** Content types of requests, which are those of their responses, too. */
export const contentTypes = { protobuf: "application/x-protobuf", json: "application/json" } as const;

/** The encoding that a content-type header names, or undefined when it is not one of OTLP. */
export function encodingOf(contentType: string | undefined): Encoding | undefined {
  if (contentType === contentTypes.protobuf) return "protobuf";
  const [type] = (contentType ?? "").split(";", 1);
  const name = type!.trim().toLowerCase();
  if (name === contentTypes.json) return "json";
  return name === contentTypes.protobuf ? "protobuf" : undefined;
}

/**
 * The compression that a content-encoding header names; undefined means none.
 *
 * @throws {PermanentError} INVALID_ARGUMENT: one that is not known or not allowed
 */
export function codingOf(contentEncoding: string | undefined, config: HttpConfig): Coding | undefined {
  const name = contentEncoding?.trim().toLowerCase() ?? "";
  const coding = name === "identity" || name === "none" ? "" : name;
  if (!(config.compression_algorithms as readonly string[]).includes(coding)) {
    const allowed = config.compression_algorithms.map((algorithm) => algorithm || "none").join(", ");
    const message = `otlp: unsupported Content-Encoding "${name.slice(0, 64)}", supported: ${allowed}`;
    throw new PermanentError(message, { code: StatusCode.INVALID_ARGUMENT });
  }
  return codings.find((known) => known === coding);
}

/** The values of the query parameters `names`, for the authenticator. */
export function queryParameters(url: string, names: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const query = new URLSearchParams(url.slice(url.indexOf("?") + 1 || url.length));
  return new Map(names.filter((name) => query.has(name)).map((name) => [name, query.getAll(name)]));
}
