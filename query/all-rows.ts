import { badRequest } from "../extensions/api/http/errors.ts";
import type { Page } from "./page.ts";
import { type Position, passedBy } from "./position.ts";

/*
 * All rows of a list, for all=true: keys are read in few statements, many at a time, and rows page by page by their keys. So
 * each row comes once, however many are written meanwhile, and memory holds keys and the rows of one page.
 */

/** How all of a list is read. */
export interface WholeList<Key, Row> {
  /** Where it begins; undefined: at its first row. */
  readonly from: Position | undefined;
  /** Most keys that are held at a time. */
  readonly mostKeys: number;
  /** The order in which the list can be read on behind a key. In others, all keys are read at once. */
  readonly endless: { readonly sortBy: string; readonly isAsked: boolean };
  /** So many keys, or all where there are fewer. */
  readonly keys: (need: number, after: Position | undefined) => Promise<readonly Key[]>;
  /** Where the list goes on behind a key; asked in the order in which it can be read on alone. */
  readonly positionOf: (key: Key) => Position;
  /** The rows of some keys, in their order; those that are no longer there, or do not fit, are left out. */
  readonly rows: (keys: readonly Key[]) => Promise<readonly Row[]>;
}

/**
 * The rows behind the first `offset`, at most `limit` at a time.
 *
 * @throws {ApiError} 400, before the first row: there are more keys than may be held, and the order is not the endless one
 */
export async function* pagesOfAll<Key, Row>(
  list: WholeList<Key, Row>,
  { offset, limit }: Pick<Page, "offset" | "limit">,
): AsyncGenerator<readonly Row[]> {
  let before = offset + passedBy(list.from);
  for await (const keys of keysOfAll(list)) {
    for (let at = 0; at < keys.length; at += limit) {
      const rows = await list.rows(keys.slice(at, at + limit));
      const page = rows.slice(before);
      before = Math.max(0, before - rows.length);
      if (page.length > 0) yield page;
    }
  }
}

async function* keysOfAll<Key, Row>({
  from,
  mostKeys,
  endless,
  keys: read,
  positionOf,
}: WholeList<Key, Row>): AsyncGenerator<readonly Key[]> {
  for (let after = from; ; ) {
    const keys = await read(mostKeys + 1, after);
    const isMore = keys.length > mostKeys;
    if (isMore && !endless.isAsked) throw tooMany(mostKeys, endless.sortBy);
    const batch = isMore ? keys.slice(0, mostKeys) : keys;
    yield batch;
    const last = batch.at(-1);
    if (!isMore || last === undefined) return;
    after = positionOf(last);
  }
}

function tooMany(most: number, sortBy: string): Error {
  const msg = `answers at most ${most} rows in this order (max_list_keys); ask for fewer by filters, or in the order of sort_by=${sortBy}, which has no limit`;
  return badRequest([{ loc: ["query", "all"], msg, type: "too_many_rows" }]);
}
