import { badRequest } from "../extensions/api/http/errors.ts";

/*
 * All rows of a list, for all=true: keys are read in few statements, many at a time, and rows page by page by their keys. So
 * each row comes once, however many are written meanwhile, and memory holds keys and the rows of one page.
 */

/** How all of a list is read. */
export interface WholeList<Key, Row> {
  /** Most keys that are held at a time. */
  readonly mostKeys: number;
  /** The order in which the list can be read on behind a key. In others, all keys are read at once. */
  readonly endless: { readonly sortBy: string; readonly isAsked: boolean };
  /** So many keys, or all where there are fewer. @param after the key before the first; undefined: from the start */
  readonly keys: (need: number, after: Key | undefined) => Promise<readonly Key[]>;
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
  { offset, limit }: { readonly offset: number; readonly limit: number },
): AsyncGenerator<readonly Row[]> {
  let before = offset;
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
  mostKeys,
  endless,
  keys: read,
}: WholeList<Key, Row>): AsyncGenerator<readonly Key[]> {
  let after: Key | undefined;
  do {
    const keys = await read(mostKeys + 1, after);
    const isMore = keys.length > mostKeys;
    if (isMore && !endless.isAsked) throw tooMany(mostKeys, endless.sortBy);
    const batch = isMore ? keys.slice(0, mostKeys) : keys;
    yield batch;
    after = isMore ? batch.at(-1) : undefined;
  } while (after !== undefined);
}

function tooMany(most: number, sortBy: string): Error {
  const msg = `answers at most ${most} rows in this order (max_list_keys); ask for fewer by filters, or in the order of sort_by=${sortBy}, which has no limit`;
  return badRequest([{ loc: ["query", "all"], msg, type: "too_many_rows" }]);
}
