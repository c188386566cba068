import type { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import { ByteDictionary } from "../../../pipeline/span-batch/dictionary.ts";
import type { Problems } from "../read/problems.ts";
import type { SpanTexts } from "./span-texts.ts";

/** Bytes of the ids of a trace and a span. */
export const idBytes = 32;

/**
 * Which spans stand several times in a request. Each time is joined with what was said before, and each item is answered with
 * all of it: both grow with the square of how often a span is said, and are bounded.
 */
export class RepeatedSpans {
  readonly #texts: SpanTexts;
  readonly #problems: Problems;
  readonly #maxBytes: number;
  /** Ids of traces and spans that the request has, and the row that has each. */
  readonly #seen: ByteDictionary;
  readonly #rowOfSeen: number[] = [];
  /** Rows whose span a later row says again, with that row. */
  readonly #replacedBy = new Map<number, number>();
  #joinedBytes = 0;

  /** @param maxBytes of spans that are joined, and of what their items are answered with */
  constructor(arena: ByteArena, texts: SpanTexts, problems: Problems, maxBytes: number) {
    this.#seen = new ByteDictionary(arena);
    this.#texts = texts;
    this.#problems = problems;
    this.#maxBytes = maxBytes;
  }

  /** Whether there are any. */
  get hasAny(): boolean {
    return this.#replacedBy.size > 0;
  }

  /**
   * Notes the span of a row.
   *
   * @param at where its ids stand in the arena, `idBytes`
   * @returns the row that says the same span, or -1
   */
  earlierRow(row: number, at: number): number {
    const seen = this.#seen.intern(at, idBytes);
    const earlier = this.#rowOfSeen[seen] ?? -1;
    this.#rowOfSeen[seen] = row;
    return earlier;
  }

  replace(earlier: number, row: number): void {
    this.#replacedBy.set(earlier, row);
  }

  isReplaced(row: number): boolean {
    return this.#replacedBy.has(row);
  }

  /** Counts what was joined for an item. @returns whether it may be; otherwise the problem is noted */
  mayJoin(bytes: number, item: number): boolean {
    this.#joinedBytes += bytes;
    if (this.#joinedBytes <= this.#maxBytes) return true;
    this.#refuse(item);
    return false;
  }

  /** Puts the last row of each span in the place of all others. @param rowOfItem the row of each item of the body */
  finish(rowOfItem: number[]): void {
    for (const [row, later] of [...this.#replacedBy].reverse()) {
      this.#replacedBy.set(row, this.#replacedBy.get(later) ?? later);
    }
    if (!this.hasAny) return;
    let answeredBytes = 0;
    for (const [item, row] of rowOfItem.entries()) {
      const last = this.#replacedBy.get(row);
      if (last === undefined) continue;
      rowOfItem[item] = last;
      answeredBytes += this.#texts.lengthOf(last);
      if (answeredBytes > this.#maxBytes) {
        this.#refuse(item);
        return;
      }
    }
  }

  #refuse(item: number): void {
    const msg = `stands in the request so often that it comes to more than max_repeated_bytes ${this.#maxBytes}`;
    this.#problems.add(["body", item], msg, "out_of_range");
  }
}
