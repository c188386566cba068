import { badCursor, readCursor, writeCursor } from "../cursor.ts";
import { type Hours, partsOf } from "../hours.ts";
import type { Reader } from "../reader.ts";
import type { SignalRead } from "./model.ts";
import {
  countSignals,
  hoursOfSignals,
  listSignals,
  type SignalFilter,
  type SignalPosition,
  type SignalRow,
  type SignalSource,
  signalOf,
} from "./rows.ts";

interface Page {
  readonly limit: number;
  readonly offset: number;
  readonly after?: SignalPosition | undefined;
}

/** Pages of the signals of a project, the newest first. */
export class SignalPages {
  readonly #reader: Reader;
  readonly #source: SignalSource;
  readonly #filter: SignalFilter;
  readonly #signal: AbortSignal;

  /** @param signal stops the queries */
  constructor(reader: Reader, source: SignalSource, filter: SignalFilter, signal: AbortSignal) {
    this.#reader = reader;
    this.#source = source;
    this.#filter = filter;
    this.#signal = signal;
  }

  async page({ limit, offset, after }: Page): Promise<readonly SignalRow[]> {
    const rows: SignalRow[] = [];
    for (const hours of partsOf(await this.#hours(after), { isByTime: true, descending: true })) {
      const filter = { ...this.#filter, hours };
      if (offset > 0) {
        const count = await this.#count(filter);
        if (count <= offset) {
          offset -= count;
          continue;
        }
      }
      const statement = listSignals(this.#source, filter, { limit: limit - rows.length, offset, after });
      rows.push(...(await this.#reader.rows<SignalRow>(statement, { signal: this.#signal })));
      offset = 0;
      if (rows.length === limit) break;
    }
    return rows;
  }

  count(): Promise<number> {
    return this.#count(this.#filter);
  }

  /** A page as it is answered. */
  async *only(rows: readonly SignalRow[]): AsyncGenerator<readonly SignalRead[]> {
    yield rows.map(signalOf);
  }

  /** A page and all that come behind it. */
  async *from(first: readonly SignalRow[], page: Page): AsyncGenerator<readonly SignalRead[]> {
    for (let rows = first; ; ) {
      yield rows.map(signalOf);
      const last = rows.at(-1);
      if (last === undefined || rows.length < page.limit) return;
      rows = await this.page({ ...page, offset: 0, after: positionOf(last) });
    }
  }

  async #hours(after: SignalPosition | undefined): Promise<Hours> {
    const statement = hoursOfSignals(this.#source);
    const [row] = await this.#reader.rows<{ First: number | null; Last: number | null }>(statement, {
      signal: this.#signal,
    });
    if (row?.First == null || row.Last == null) return { from: 0, to: 0 };
    const to = after === undefined ? row.Last + 1 : Math.floor(Date.parse(isoOf(after.created)) / 3_600_000) + 1;
    return { from: row.First, to: Math.min(to, row.Last + 1) };
  }

  async #count(filter: SignalFilter): Promise<number> {
    const [row] = await this.#reader.rows<{ Count: number }>(countSignals(this.#source, filter), {
      signal: this.#signal,
    });
    return Number(row?.Count ?? 0);
  }
}

function positionOf({ CreatedAt, SignalId, EntityType, EntityId }: SignalRow): SignalPosition {
  return {
    created: CreatedAt.replace("T", " ").replace("Z", ""),
    signalId: SignalId,
    entityType: EntityType,
    entityId: EntityId,
  };
}

function isoOf(created: string): string {
  return `${created.replace(" ", "T")}Z`;
}

const list = "signals";
/** Ids of completions are any text; longer ones make no cursor. */
const maxEntityId = 1_000;

export function signalCursor(row: SignalRow): string | undefined {
  const { created, signalId, entityType, entityId } = positionOf(row);
  return entityId.length > maxEntityId ? undefined : writeCursor(list, [created, signalId, entityType, entityId]);
}

/** @throws {ApiError} 400: it is none of this list */
export function signalPosition(cursor: string): SignalPosition {
  const [created, signalId, entityType, entityId] = readCursor(list, cursor, 4);
  const isTime = typeof created === "string" && /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{3}$/.test(created);
  if (!isTime || Number.isNaN(Date.parse(isoOf(created)))) throw badCursor();
  if (typeof signalId !== "string" || typeof entityType !== "string" || typeof entityId !== "string") throw badCursor();
  return { created, signalId, entityType, entityId };
}
