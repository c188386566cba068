import type { IncomingMessage } from "node:http";
import { PermanentError, StatusCode } from "../../../pipeline/errors.ts";
import { type Coding, codings, decompress } from "../../../receivers/otlp/decompress.ts";
import { readBody as readBytes } from "../../../receivers/otlp/http-body.ts";
import type { Admission } from "../../../receivers/otlp/in-flight.ts";
import type { SizeLimit } from "../../../receivers/otlp/size-limit.ts";
import { isWithinDepth } from "./depth.ts";
import { ApiError, badRequest } from "./errors.ts";

/** The limit of bodies, with texts that name its key. */
export function bodyLimit(maxBytes: number): SizeLimit {
  const tooLarge = (what: string): PermanentError =>
    new PermanentError(`${what}, larger than max_request_body_size ${maxBytes}`, {
      code: StatusCode.RESOURCE_EXHAUSTED,
    });
  return {
    maxBytes,
    tooLarge: (bytes) => tooLarge(`body is ${bytes} bytes`),
    tooLargeDecompressed: () => tooLarge(`body is over ${maxBytes} bytes after decompression`),
  };
}

/**
 * Reads and decompresses the body of `request`.
 *
 * @param admission holds room for the body; whoever gives it releases it
 * @throws {ApiError} 415: an encoding that is not known
 * @throws {PermanentError} RESOURCE_EXHAUSTED: too large; INVALID_ARGUMENT: not what its encoding says
 * @throws {RetryableError} too much is being read already
 */
export async function readBody(request: IncomingMessage, limit: SizeLimit, admission: Admission): Promise<Buffer> {
  const coding = codingOf(request);
  // Node answers Expect: 100-continue by itself.
  const bytes = await readBytes(request, { writeContinue: () => undefined }, limit, admission);
  const body = coding === undefined ? bytes : await decompress(coding, bytes, limit, admission);
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

function codingOf(request: IncomingMessage): Coding | undefined {
  const name = (request.headers["content-encoding"] ?? "").trim().toLowerCase();
  if (name === "" || name === "identity") return undefined;
  const coding = codings.find((known) => known === name);
  if (coding !== undefined) return coding;
  throw new ApiError(
    415,
    `content-encoding ${JSON.stringify(name.slice(0, 40))} is not known: use ${codings.join(", ")}`,
  );
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

const surrogate = /\\u[dD][89a-fA-F]/;
const escapes =
  /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(?<lone>u[dD][89a-fA-F][\da-fA-F]{2})|.)/gs;

/**
 * A JSON text in which U+FFFD stands for each escape of half a character, as it does wherever text is written in UTF-8.
 * ClickHouse takes no such half, and would refuse what was never said to be wrong.
 */
function wellFormed(json: string): string {
  if (!surrogate.test(json)) return json;
  return json.replace(escapes, (whole, lone?: string) => (lone === undefined ? whole : "\\ufffd"));
}

/**
 * Texts in the value are well-formed Unicode.
 *
 * @param maxDepth how deep lists and objects may lie in each other; left out where the reader of the values bounds it, which
 *   costs less than looking at every byte beforehand
 * @throws {ApiError} 400: not UTF-8, not JSON, too deep, or nothing at all
 */
export function parseJson(body: Buffer, maxDepth = Number.POSITIVE_INFINITY): unknown {
  if (maxDepth !== Number.POSITIVE_INFINITY && !isWithinDepth(body, maxDepth)) {
    const msg = `lists and objects lie more than max_json_depth ${maxDepth} deep in each other`;
    throw badRequest([{ loc: ["body"], msg, type: "json_too_deep" }]);
  }
  try {
    return JSON.parse(wellFormed(utf8.decode(body)));
  } catch (error) {
    const msg = body.length === 0 ? "body is empty, JSON is expected" : `body is not JSON: ${(error as Error).message}`;
    throw badRequest([{ loc: ["body"], msg: msg.slice(0, 200), type: "json_invalid" }]);
  }
}
