import type { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import { isTextOf } from "./json-bytes.ts";

/** Lists that are remembered, and bytes of a reason in them. */
const maxLists = 32;
const longestReason = 64;

interface KnownList {
  /** As it stands in JSON, without quotes; ASCII. */
  readonly written: string;
  readonly list: readonly string[];
}

/** Lists of one finish reason. There are a dozen that are ever sent: spans share the lists that are alike. */
export class ReasonLists {
  readonly #known: KnownList[] = [];

  /** The list of the reason that the JSON string at `[start, end)` says; undefined when it says nothing. */
  of(arena: ByteArena, start: number, end: number): readonly string[] | undefined {
    if (end - start === 2) return undefined;
    for (const { written, list } of this.#known) if (isTextOf(arena.bytes, start + 1, end - 1, written)) return list;
    const json = arena.text(start, end - start);
    const list: readonly string[] = [JSON.parse(json) as string];
    const written = json.slice(1, -1);
    if (this.#known.length < maxLists && end - start <= longestReason && /^[ -~]+$/.test(written))
      this.#known.push({ written, list });
    return list;
  }
}
