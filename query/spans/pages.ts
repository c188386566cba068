import { type Hours, partsOf } from "../hours.ts";
import type { Reader } from "../reader.ts";
import { repeatedOf, repeatedStatement } from "../repeated.ts";
import { withSessions } from "../tags.ts";
import type { SpanFilter } from "./filter.ts";
import { hoursOf } from "./hours.ts";
import {
  countOfSpans,
  pageOfSpans,
  repeatedScope,
  type SpanKey,
  type SpanListRequest,
  type SpanOrder,
  type SpanPosition,
} from "./list.ts";

/** A page of a list of spans. */
export interface SpanPageQuery {
  /** As stored. */
  readonly project: string;
  readonly filter: SpanFilter;
  readonly order: SpanOrder;
  readonly after?: SpanPosition | undefined;
  readonly limit: number;
  readonly offset: number;
}

interface Counted {
  readonly Count: number | string;
}

/** Finds the ids of pages and counts what fits. What is heavy is read for the spans of a page alone. */
export class SpanPages {
  readonly #reader: Reader;
  readonly #signal: AbortSignal | undefined;

  /** @param signal stops the queries */
  constructor(reader: Reader, signal?: AbortSignal) {
    this.#reader = reader;
    this.#signal = signal;
  }

  /** The spans of a page, in its order. */
  async page(wanted: SpanPageQuery): Promise<readonly SpanKey[]> {
    const [hours, query] = await this.#hoursAndQuery(wanted);
    if (hours === undefined) return [];
    const found: SpanKey[] = [];
    let { offset } = query;
    const sequence = { isByTime: query.order.by === "started_at", descending: query.order.descending };
    for (const part of partsOf(this.#fromPosition(hours, query), sequence)) {
      const request = await this.#request(query, part);
      if (offset > 0) {
        const count = await this.#count(countOfSpans(request));
        if (count <= offset) {
          offset -= count;
          continue;
        }
      }
      const { order, after } = query;
      const limit = query.limit - found.length;
      found.push(...(await this.#rows<SpanKey>(pageOfSpans({ ...request, order, after, limit, offset }))));
      offset = 0;
      if (found.length === query.limit) break;
    }
    return found;
  }

  /** How many spans fit. */
  async count(wanted: Pick<SpanPageQuery, "project" | "filter">): Promise<number> {
    const [hours, query] = await this.#hoursAndQuery(wanted);
    return hours === undefined ? 0 : this.#count(countOfSpans(await this.#request(query, hours)));
  }

  /** What has to be known before a list can be asked for. */
  async #hoursAndQuery<Query extends Pick<SpanPageQuery, "project" | "filter">>(
    query: Query,
  ): Promise<readonly [Hours | undefined, Query]> {
    const known = withSessions(this.#reader, query.project, query.filter, this.#signal);
    const [hours, filter] = await Promise.all([this.#hours(query), known]);
    return [hours, { ...query, filter }];
  }

  async #hours({ project, filter }: Pick<SpanPageQuery, "project" | "filter">): Promise<Hours | undefined> {
    // The index of ids is faster than what would bound the hours.
    return filter.id === undefined ? hoursOf(this.#reader, project, filter, this.#signal) : {};
  }

  /** Behind a position in time nothing before it is looked at again. */
  #fromPosition(hours: Hours, { order, after }: SpanPageQuery): Hours {
    if (order.by !== "started_at" || after?.value == null) return hours;
    const hour = Math.floor(Date.parse(`${after.value.replace(" ", "T").slice(0, 23)}Z`) / 3_600_000);
    return order.descending
      ? { ...hours, to: Math.min(hour + 1, hours.to ?? hour + 1) }
      : { ...hours, from: Math.max(hour, hours.from ?? hour) };
  }

  async #request(query: Pick<SpanPageQuery, "project" | "filter">, hours: Hours): Promise<SpanListRequest> {
    const request = { project: query.project, filter: query.filter, hours, tables: this.#reader.tables };
    if (query.filter.id !== undefined) return { ...request, repeated: "all" };
    return { ...request, repeated: repeatedOf(await this.#rows(repeatedStatement(repeatedScope(request)))) };
  }

  async #count(statement: Parameters<Reader["rows"]>[0]): Promise<number> {
    const [row] = await this.#rows<Counted>(statement);
    return Number(row?.Count ?? 0);
  }

  #rows<Row>(statement: Parameters<Reader["rows"]>[0]): Promise<Row[]> {
    return this.#reader.rows<Row>(statement, this.#signal === undefined ? {} : { signal: this.#signal });
  }
}
