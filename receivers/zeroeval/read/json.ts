import { badRequest } from "../../../extensions/api/http/errors.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * A body of JSON. How deep it nests is looked at where values are read: most of a body is no value that nests, and looking at
 * every byte beforehand takes longer than parsing it.
 *
 * @throws {ApiError} 400: not UTF-8, not JSON, or nothing at all
 */
export function parseBody(body: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(body));
  } catch (error) {
    const message =
      body.length === 0 ? "body is empty, JSON is expected" : `body is not JSON: ${(error as Error).message}`;
    throw badRequest([{ loc: ["body"], msg: message.slice(0, 200), type: "json_invalid" }]);
  }
}
