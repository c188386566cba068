import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";

const wordNanos = 2 ** 32;
const dayNanos = 86_400e9;

/** The day (UTC, since the epoch) of a time in two words. Wrong by a day within 256 ns of midnight: good for grouping. */
function dayOf(low: number, high: number): number {
  return Math.floor((high * wordNanos + low) / dayNanos);
}

/**
 * Looks up the day of rows, cheaply while they are of one day: then only the high word (4.3 s) is compared.
 */
class DayCursor {
  #day = -1;
  /** High words that lie within the day as a whole. */
  #from = 1;
  #to = 0;
  readonly #words: Uint32Array;

  constructor(words: Uint32Array) {
    this.#words = words;
  }

  at(row: number): number {
    const high = this.#words[2 * row + 1]!;
    if (high >= this.#from && high <= this.#to) return this.#day;
    const day = dayOf(this.#words[2 * row]!, high);
    this.#day = day;
    this.#from = Math.ceil((day * dayNanos) / wordNanos);
    this.#to = Math.floor(((day + 1) * dayNanos) / wordNanos) - 1;
    return day;
  }
}

/** The days of a batch's spans: the partitions that its rows are of. */
export function daysOf(batch: SpanBatch): Set<number> {
  const cursor = new DayCursor(batch.startTimeUnixNano);
  const days = new Set<number>();
  let last = -1;
  for (let row = 0; row < batch.length; row++) {
    const day = cursor.at(row);
    if (day === last || batch.isDropped(row)) continue;
    days.add(day);
    last = day;
  }
  return days;
}

/** Rows that are not dropped, by day. */
export function rowsByDay(batch: SpanBatch): Map<number, number[]> {
  const cursor = new DayCursor(batch.startTimeUnixNano);
  const rows = new Map<number, number[]>();
  for (let row = 0; row < batch.length; row++) {
    if (batch.isDropped(row)) continue;
    const day = cursor.at(row);
    const ofDay = rows.get(day);
    if (ofDay === undefined) rows.set(day, [row]);
    else ofDay.push(row);
  }
  return rows;
}
