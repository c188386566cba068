import { rowBytes, type Segment } from "./segment.ts";

/** Segments that are looked at together, at most. */
const maxWindow = 32;

/** Bytes of a segment that live rows of others can fill: not quite all, since what is left at the end is too little for one. */
function roomFor({ isTight, bytes, live, liveBytes }: Segment): number {
  if (isTight) return 0;
  const filled = liveBytes - live * rowBytes;
  return Math.floor(bytes.length - filled - filled / live);
}

/** Segments `[from, to)` whose rows fit in fewer of them. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/**
 * The neighbours among the first `count` segments that give back at least `gain` bytes for the fewest bytes to move, or
 * undefined. Only spans of one lexicon can stand in a segment.
 */
export function cheapestWindow(segments: readonly Segment[], count: number, gain: number): Window | undefined {
  let found: Window | undefined;
  let lowest = Number.POSITIVE_INFINITY;
  let [from, room, moved] = [0, 0, 0];
  for (let to = 0; to < count; to++) {
    const segment = segments[to]!;
    if (segment.lexicon !== segments[from]!.lexicon) [from, room, moved] = [to, 0, 0];
    room += roomFor(segment);
    moved += segment.liveBytes;
    // As short as it can be: each window ends at another segment, and begins no earlier than the one before.
    for (; from < to; from++) {
      const less = roomFor(segments[from]!);
      if (room - less < gain && to - from < maxWindow) break;
      room -= less;
      moved -= segments[from]!.liveBytes;
    }
    if (room < gain || moved >= lowest) continue;
    lowest = moved;
    found = { from, to: to + 1 };
  }
  return found;
}

/** Moves live rows to the first of the segments. The last ones are empty then, unless spans are too large for what room there is. */
export function moveTogether(segments: readonly Segment[]): void {
  let index = 0;
  let target = segments[0]!;
  for (let i = 0; i < segments.length; i++) {
    const source = segments[i]!;
    const { rows, first, last, owner, starts } = source;
    if (i === 0) source.restart();
    for (let row = 0; row < rows; ) {
      if (owner[row] === 0) {
        row++;
        continue;
      }
      const limit = starts[row]! + target.room;
      let end = row;
      while (end < rows && owner[end] !== 0 && starts[end + 1]! <= limit) end++;
      if (end === row) {
        target = segments[++index]!;
        target.restart();
        continue;
      }
      target.take(source, row, end);
      target.first = Math.min(target.first, first);
      target.last = Math.max(target.last, last);
      row = end;
    }
  }
  for (let i = index + 1; i < segments.length; i++) segments[i]!.restart();
}
