import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { cheapestWindow, moveTogether } from "./compaction.ts";
import { Lexicon } from "./lexicon.ts";
import { type Extras, field, PackBuffer } from "./packed-span.ts";
import { SpanPacker } from "./packer.ts";
import { Segment } from "./segment.ts";

/** Memory above the live bytes at which dead rows are removed; the aim is 1.3 in all, indexes of traces included. */
const maxDeadShare = 0.06;
/** About what an object takes. */
const objectBytes = 160;
const firstRows = 64;

/** A packed span that is held. */
export interface HeldSpan {
  readonly segment: Segment;
  readonly row: number;
  readonly extras: Extras | undefined;
}

/** What to do with the row of a decided trace: nothing, or unpack it; afterwards it is dead. */
export type Visit = (span: HeldSpan, slot: number) => void;

/**
 * Spans of undecided traces, packed, in segments of bounded size. A trace has no list of its rows: it knows in which
 * segments its first and last span are, and rows know their trace. When traces are decided, the segments between are walked
 * once for all of them.
 *
 * When dead rows take more than their share of memory, the live ones of some neighbours are moved together.
 */
export class SpanStore {
  /** Live spans, and the bytes they fill. */
  spans = 0;
  liveBytes = 0;
  readonly #segmentBytes: number;
  readonly #buffer = new PackBuffer();
  /** In the order of their numbers. */
  #segments: Segment[] = [];
  /** The last one, while spans are added to it; the others are sealed. */
  #open: Segment | undefined;
  /** Of sealed segments. */
  #sealedBytes = 0;
  #sealedLive = 0;
  #next = 0;
  #rows = firstRows;
  #lexicon: Lexicon | undefined;
  /** Of lexicons that only sealed segments refer to. */
  #lexiconBytes = 0;
  readonly #extras = new Map<number, Extras>();
  #extrasKey = 0;
  #extrasBytes = 0;
  #from: SpanBatch | undefined;
  #packer: SpanPacker | undefined;

  /** @param segmentBytes bytes of a segment, unless a single span needs more; also the bytes of a lexicon at which another is begun */
  constructor(segmentBytes: number) {
    this.#segmentBytes = segmentBytes;
  }

  /** Bytes of memory, dead rows and room for more included. */
  get allocatedBytes(): number {
    const lexicons = this.#lexiconBytes + (this.#lexicon?.memory ?? 0);
    return this.#sealedBytes + (this.#open?.memory ?? 0) + lexicons + this.#extrasBytes;
  }

  /** Begins to add spans of `batch`. */
  begin(batch: SpanBatch): void {
    this.#from = batch;
    this.#packer = undefined;
  }

  /** Ends it: nothing of the batch is referred to any more. */
  end(): void {
    this.#from = this.#packer = undefined;
    this.#buffer.shrink();
  }

  /** Adds a span of the batch; returns its bytes. `segment` is then the number of the segment that holds it. */
  add(row: number, slot: number): number {
    if (this.#lexicon !== undefined && this.#lexicon.arena.length > this.#segmentBytes) this.#endLexicon();
    this.#lexicon ??= new Lexicon();
    this.#packer ??= new SpanPacker(this.#from!, this.#lexicon, this.#buffer);
    this.#packer.pack(row);
    const { extras } = this.#packer;
    if (extras !== undefined) this.#buffer.fields.view.setUint32(field.extras, this.#addExtras(extras), true);
    let open = this.#open;
    if (open === undefined || open.room < this.#buffer.length) open = this.#startSegment();
    open.add(this.#buffer, slot);
    const bytes = open.bytesOf(open.rows - 1) + extrasBytes(extras);
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
      const from = this.#indexOf((segment) => segment.last >= ranges[i]!);
      const to = this.#indexOf((segment) => segment.first > ranges[i + 1]!);
      marks[from]!++;
      marks[to]!--;
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
      const sealed = this.#segments.length - (this.#open === undefined ? 0 : 1);
      const window = cheapestWindow(this.#segments, sealed, this.#segmentBytes);
      if (window === undefined) return;
      const segments = this.#segments.slice(window.from, window.to);
      for (const segment of segments) this.#countSealed(segment, -1);
      moveTogether(segments);
      const [full, empty] = [segments.filter(({ live }) => live > 0), segments.filter(({ live }) => live === 0)];
      for (const segment of full) this.#countSealed(segment, 1);
      for (const segment of empty) this.#release(segment);
      if (empty.length === 0) for (const segment of full) segment.isTight = true;
      this.#segments.splice(window.from, segments.length, ...full);
    }
  }

  #startSegment(): Segment {
    this.#seal();
    const number = this.#next++;
    const lexicon = this.#lexicon!;
    const segment = new Segment(number, lexicon, Math.max(this.#segmentBytes, this.#buffer.length), this.#rows);
    lexicon.segments++;
    this.#segments.push(segment);
    this.#open = segment;
    return segment;
  }

  #seal(): void {
    const segment = this.#open;
    if (segment === undefined) return;
    this.#countSealed(segment, 1);
    // The next one is likely to be like it; a little more room saves growing.
    this.#rows = Math.ceil(segment.rows * 1.05);
    this.#open = undefined;
  }

  #countSealed({ memory, liveBytes }: Segment, sign: 1 | -1): void {
    this.#sealedBytes += sign * memory;
    this.#sealedLive += sign * liveBytes;
  }

  /** Lets the next span begin another lexicon. */
  #endLexicon(): void {
    const lexicon = this.#lexicon!;
    this.#seal();
    this.#lexicon = this.#packer = undefined;
    if (lexicon.segments > 0) this.#lexiconBytes += lexicon.memory;
    else lexicon.release();
  }

  #addExtras(extras: Extras): number {
    this.#extrasKey = (this.#extrasKey + 1) % 2 ** 32 || 1;
    this.#extras.set(this.#extrasKey, extras);
    this.#extrasBytes += extrasBytes(extras);
    return this.#extrasKey;
  }

  /** Index of the first segment that passes a test, which all behind it pass, too. */
  #indexOf(test: (segment: Segment) => boolean): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (test(this.#segments[middle]!)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #sweepSegment(segment: Segment, isDecided: (slot: number) => boolean, visit: Visit): void {
    const { owner, rows, liveBytes: before } = segment;
    for (let row = 0; row < rows; row++) {
      const slot = owner[row]! - 1;
      if (slot < 0 || !isDecided(slot)) continue;
      visit({ segment, row, extras: this.#takeExtras(segment, row) }, slot);
      segment.kill(row);
      this.spans--;
    }
    const bytes = before - segment.liveBytes;
    this.liveBytes -= bytes;
    if (segment !== this.#open) this.#sealedLive -= bytes;
  }

  #takeExtras({ view, starts }: Segment, row: number): Extras | undefined {
    if (this.#extras.size === 0) return undefined;
    const key = view.getUint32(starts[row]! + field.extras, true);
    if (key === 0) return undefined;
    const extras = this.#extras.get(key);
    this.#extras.delete(key);
    this.#extrasBytes -= extrasBytes(extras);
    this.liveBytes -= extrasBytes(extras);
    return extras;
  }

  #dropEmpty(): void {
    const live: Segment[] = [];
    for (const segment of this.#segments) {
      if (segment.live > 0) live.push(segment);
      else {
        if (segment === this.#open) this.#open = undefined;
        else this.#countSealed(segment, -1);
        this.#release(segment);
      }
    }
    this.#segments = live;
  }

  /** Gives back the memory of an empty segment that is counted no more, and that of its lexicon with the last one. */
  #release(segment: Segment): void {
    const { lexicon } = segment;
    segment.release();
    if (--lexicon.segments > 0) return;
    if (lexicon === this.#lexicon) this.#lexicon = this.#packer = undefined;
    else this.#lexiconBytes -= lexicon.memory;
    lexicon.release();
  }
}

/** Bytes of memory for what a span has in objects. */
function extrasBytes(extras: Extras | undefined): number {
  if (extras === undefined) return 0;
  return (1 + extras.values.length + extras.signals.length + extras.attachments.length) * objectBytes;
}
