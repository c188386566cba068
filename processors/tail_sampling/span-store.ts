import type { RowCopier } from "../../pipeline/span-batch/copy-rows.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { Segment, type SegmentSize } from "./segment.ts";

/** Rows of a segment, at most. */
const maxRows = 8192;
/** Memory above the live bytes at which dead rows are removed; the aim is 1.3 in all, slack and growth included. */
const maxDeadShare = 0.125;
/** A segment with a smaller share of dead rows is not worth copying. */
const minDeadShare = 0.07;
/** Share of a segment that is room for the span that makes it full. */
const lastSpanShare = 1 / 64;
const firstSize: SegmentSize = { rows: 128, attributesPerRow: 12, arenaBytes: 64 * 1024 };

/** What to do with the row of a decided trace: nothing, or copy it from `batch`; afterwards it is dead. */
export type Visit = (batch: SpanBatch, row: number, slot: number) => void;

/**
 * Spans of undecided traces, in segments of bounded size. A trace has no list of its rows: it knows in which segments its
 * first and last span are, and rows know their trace. When traces are decided, the segments between are walked once for all
 * of them.
 *
 * Segments with dead rows are compacted when dead memory is more than its share, the emptiest first.
 */
export class SpanStore {
  /** Live spans, and the bytes they fill. */
  spans = 0;
  liveBytes = 0;
  readonly #segmentBytes: number;
  readonly #moved: (slot: number, bytes: number) => void;
  /** In the order of their numbers; the last one is open. */
  #segments: Segment[] = [];
  /** Of sealed segments. */
  #sealedBytes = 0;
  #sealedLive = 0;
  #next = 0;
  #size = firstSize;
  #from: SpanBatch | undefined;
  #copier: RowCopier | undefined;

  /**
   * @param segmentBytes bytes of an arena at which a segment is sealed
   * @param moved told when the bytes of a trace change by compaction
   */
  constructor(segmentBytes: number, moved: (slot: number, bytes: number) => void = () => {}) {
    this.#segmentBytes = segmentBytes;
    this.#moved = moved;
  }

  /** Bytes of memory, dead rows and room for more included. */
  get allocatedBytes(): number {
    return this.#sealedBytes + (this.#open?.memory() ?? 0);
  }

  get #open(): Segment | undefined {
    return this.#segments.at(-1);
  }

  /** Begins to add spans of `batch`. */
  begin(batch: SpanBatch): void {
    this.#from = batch;
    this.#copier = undefined;
  }

  /** Ends it: nothing of the batch is referred to any more. */
  end(): void {
    this.#from = this.#copier = undefined;
  }

  /** Adds a span of the batch; returns its bytes. `segment` is then the number of the segment that holds it. */
  add(row: number, slot: number): number {
    let open = this.#open;
    if (open === undefined || this.#isFull(open)) {
      open = this.#startSegment();
      this.#copier = undefined;
    }
    this.#copier ??= open.copierFrom(this.#from!);
    const bytes = open.add(this.#copier, row, slot);
    this.spans++;
    this.liveBytes += bytes;
    return bytes;
  }

  /** Number of the segment that `add` wrote to last. */
  get segment(): number {
    return this.#open!.last;
  }

  /**
   * Takes out the rows of decided traces.
   *
   * @param ranges pairs of segment numbers, from the first to the last span of each decided trace
   * @param isDecided whether the trace in a slot is
   */
  sweep(ranges: Float64Array, isDecided: (slot: number) => boolean, visit: Visit): void {
    const marks = new Int32Array(this.#segments.length + 1);
    for (let i = 0; i < ranges.length; i += 2) {
      const from = this.#indexOf(ranges[i]!);
      const to = this.#indexOf(ranges[i + 1]!);
      marks[from]!++;
      marks[to + 1]!--;
    }
    for (let index = 0, depth = 0; index < this.#segments.length; index++) {
      depth += marks[index]!;
      if (depth > 0) this.#sweepSegment(this.#segments[index]!, isDecided, visit);
    }
    this.#dropEmpty();
  }

  /** Removes dead rows where they take more than their share of memory. */
  compact(): void {
    while (this.#sealedBytes > this.#sealedLive * (1 + maxDeadShare)) {
      const index = this.#emptiest();
      if (index < 0) return;
      this.#rewrite(index);
    }
  }

  #isFull({ batch }: Segment): boolean {
    return batch.arena.length >= this.#segmentBytes || batch.length >= maxRows;
  }

  #startSegment(): Segment {
    const before = this.#open;
    if (before !== undefined) this.#seal(before);
    const number = this.#next++;
    const segment = new Segment(number, number, this.#size);
    this.#segments.push(segment);
    return segment;
  }

  #seal(segment: Segment): void {
    const { rows, attributesPerRow, arenaBytes } = segment.size();
    segment.seal();
    this.#sealedBytes += segment.allocated;
    this.#sealedLive += segment.liveBytes;
    // The next one is likely to be like it; a little more room saves growing to twice the size.
    const isFull = arenaBytes >= this.#segmentBytes;
    const nextBytes = isFull ? Math.ceil(this.#segmentBytes * (1 + lastSpanShare)) : Math.ceil(arenaBytes * 1.02);
    this.#size = { rows: Math.ceil(rows * 1.02), attributesPerRow, arenaBytes: nextBytes };
  }

  /** Index of the segment that holds number `number`. */
  #indexOf(number: number): number {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#segments[middle]!.last < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #sweepSegment(segment: Segment, isDecided: (slot: number) => boolean, visit: Visit): void {
    const { batch, owner } = segment;
    const before = segment.liveBytes;
    for (let row = 0; row < batch.length; row++) {
      const slot = owner[row]! - 1;
      if (slot < 0 || !isDecided(slot)) continue;
      visit(batch, row, slot);
      segment.kill(row);
      this.spans--;
    }
    this.liveBytes -= before - segment.liveBytes;
    if (segment !== this.#open) this.#sealedLive -= before - segment.liveBytes;
  }

  #dropEmpty(): void {
    const open = this.#open;
    this.#segments = this.#segments.filter((segment) => {
      if (segment.live > 0) return true;
      if (segment !== open) {
        this.#sealedBytes -= segment.allocated;
        this.#sealedLive -= segment.liveBytes;
      }
      return false;
    });
    // The copier, should one be at work, writes to the open segment, which may be gone.
    this.#copier = undefined;
    // The new last one is sealed: the next span begins a segment.
    if (open !== undefined && this.#open !== open && this.#segments.length > 0) this.#reopen();
  }

  /** Puts an empty segment behind sealed ones, so that the last one is open. */
  #reopen(): void {
    const number = this.#next++;
    this.#segments.push(new Segment(number, number, firstSize));
  }

  /** Index of the sealed segment with the largest dead share, or -1. */
  #emptiest(): number {
    let found = -1;
    let largest = minDeadShare;
    for (let index = 0; index < this.#segments.length - 1; index++) {
      // By rows, of which a segment that was just rewritten has no dead ones, whatever its slack.
      const { live, batch } = this.#segments[index]!;
      const share = 1 - live / batch.length;
      if (share > largest) {
        largest = share;
        found = index;
      }
    }
    return found;
  }

  /** Copies the live rows of a segment, and of the ones behind it while they fit, into a new one in their place. */
  #rewrite(index: number): void {
    const sources = [this.#segments[index]!];
    let bytes = sources[0]!.liveBytes;
    const small = this.#segmentBytes / 8;
    for (let i = index + 1; i < this.#segments.length - 1; i++) {
      const neighbour = this.#segments[i]!;
      bytes += neighbour.liveBytes;
      const isWorth = neighbour.live < neighbour.batch.length * (1 - minDeadShare) || neighbour.liveBytes < small;
      if (bytes > this.#segmentBytes || !isWorth) break;
      sources.push(neighbour);
    }
    const target = new Segment(sources[0]!.first, sources.at(-1)!.last, sizeOf(sources));
    for (const source of sources) this.#copyLive(source, target);
    target.seal();
    this.#sealedBytes += target.allocated;
    this.#sealedLive += target.liveBytes;
    this.liveBytes += target.liveBytes;
    this.#segments.splice(index, sources.length, target);
  }

  #copyLive(source: Segment, target: Segment): void {
    const copier = target.copierFrom(source.batch);
    const { owner, rowBytes, batch } = source;
    for (let row = 0; row < batch.length; row++) {
      if (owner[row] === 0) continue;
      const slot = owner[row]! - 1;
      const bytes = target.add(copier, row, slot);
      if (bytes !== rowBytes[row]) this.#moved(slot, bytes - rowBytes[row]!);
    }
    this.#sealedBytes -= source.allocated;
    this.#sealedLive -= source.liveBytes;
    this.liveBytes -= source.liveBytes;
  }
}

function sizeOf(sources: readonly Segment[]): SegmentSize {
  let rows = 0;
  let attributes = 0;
  let arenaBytes = 0;
  for (const { live, batch } of sources) {
    const share = live / batch.length;
    rows += live;
    attributes += batch.attributes.length * share;
    arenaBytes += batch.arena.length * share;
  }
  return { rows, attributesPerRow: Math.ceil(attributes / rows), arenaBytes: Math.ceil(arenaBytes) };
}
