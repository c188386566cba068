import { z } from "zod";
import { badRequest } from "../extensions/api/http/errors.ts";

/*
 * A cursor says after which row a list goes on, so that deep pages cost as much as the first one and rows that arrive
 * meanwhile shift nothing. It is opaque to clients; what it holds is checked like any other input, and bound like any other
 * value.
 */

/** @param list which list, in which order: a cursor of another one is refused */
export function writeCursor(list: string, position: readonly (string | null)[]): string {
  return Buffer.from(JSON.stringify([list, ...position])).toString("base64url");
}

/** More than `writeCursor` is ever given: a cursor travels in an address. */
const shape = z.array(z.string().max(2_000).nullable()).max(8);

/**
 * The position in a cursor.
 *
 * @throws {ApiError} 400: it is not one of this list
 */
export function readCursor(list: string, cursor: string, length: number): readonly (string | null)[] {
  const [name, ...position] = parse(cursor);
  if (name === list && position.length === length) return position;
  throw badCursor();
}

function parse(cursor: string): readonly (string | null)[] {
  try {
    return shape.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
  } catch (cause) {
    throw badCursor(cause);
  }
}

export function badCursor(cause?: unknown): Error {
  const msg = "must be what X-Next-Cursor of an answer said, with the same sort_by and sort_order";
  return Object.assign(badRequest([{ loc: ["query", "cursor"], msg, type: "invalid_cursor" }]), { cause });
}
