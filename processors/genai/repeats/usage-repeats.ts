import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { outerTwins } from "./call-twins.ts";
import { SpanIndex } from "./span-index.ts";
import { SpanMemory, TraceFilter } from "./span-memory.ts";

/** What is known of a span of the batch before the walk. */
const isKnown = 1;
const hasUsage = 2;
const alwaysRepeats = 4;
const isTool = 8;

/** What is remembered of spans, and found out in the walk. */
const Mark = { SEEN: 1, COUNTED: 2, REPEATS: 4, ABOVE_COUNTED: 8, BELOW_COUNTED: 16, TOOL: 32 } as const;

const traceFilterBits = 2 ** 16;

/** Ancestors in other batches that are looked at, one above the other; senders may make circles. */
const maxRememberedSteps = 256;

/**
 * Finds spans whose usage is that of others, so that any sum over a trace counts it once.
 *
 * Of a span with usage and an ancestor with usage, the ancestor repeats: agents, outer spans and instrumentations around a
 * call that reports itself all do. But what was counted once stays counted, since it is stored already: if the ancestor came
 * in an earlier batch, the descendant repeats. A span that is sent again gets the verdict it had. The way from descendant to
 * ancestor ends at calls of tools: an agent that is called as a tool has usage of its own. Besides, within a batch, one call
 * that is reported by two instrumentations side by side counts once (`call-twins.ts`).
 */
export class UsageRepeats {
  readonly #memory: SpanMemory;
  #rows = new Uint8Array(64);
  #marks = new Uint8Array(64);
  /** Whether a row stands below counted usage of earlier batches: 0 not asked yet, 1 no, 2 yes, 3 being asked. */
  #below = new Uint8Array(64);
  /** Rows on the way up; used again by every walk. */
  readonly #path: number[] = [];
  /** Traces of the known spans of the batch. */
  readonly #traces = new TraceFilter(traceFilterBits);
  /** Rows of traces that have, or may have, known spans: only these are looked at. */
  #active = new Uint32Array(64);
  #activeCount = 0;
  /** By row: where the memory has the span, or -1. */
  #records = new Int32Array(64);
  #known = 0;
  #length = 0;

  /** @param rememberSpans spans that are remembered across batches; 0: none */
  constructor(rememberSpans: number) {
    this.#memory = new SpanMemory(rememberSpans);
  }

  begin(batch: SpanBatch): void {
    this.#length = batch.length;
    this.#known = 0;
    if (this.#rows.length < batch.length) {
      this.#rows = new Uint8Array(batch.length * 2);
      this.#marks = new Uint8Array(batch.length * 2);
      this.#below = new Uint8Array(batch.length * 2);
      this.#active = new Uint32Array(batch.length * 2);
      this.#records = new Int32Array(batch.length * 2);
    } else this.#rows.fill(0, 0, batch.length);
  }

  /**
   * Tells of a span of a known dialect, or with usage.
   *
   * @param always its usage is that of others, whether they are known or not
   * @param tool it is the call of a tool
   */
  add(row: number, used: boolean, always: boolean, tool: boolean): void {
    this.#rows[row] = isKnown | (used ? hasUsage : 0) | (always ? alwaysRepeats : 0) | (tool ? isTool : 0);
    this.#known++;
  }

  /** Decides for all spans of the batch, and gives the rows that repeat. */
  settle(batch: SpanBatch): readonly number[] {
    if (this.#known === 0 && this.#memory.isEmpty) return [];
    const index = new SpanIndex(batch);
    this.#findActive(index);
    if (this.#activeCount === 0) return [];
    this.#memory.makeRoom(this.#activeCount * 2);
    index.build(this.#active, this.#activeCount);
    this.#recall(batch, index);
    const candidates = this.#candidates(index);
    const repeating: number[] = [];
    for (const row of outerTwins(batch, index, candidates)) this.#marks[row]! |= Mark.REPEATS;
    for (const row of candidates) this.#markAncestors(row, index);
    for (let i = 0; i < this.#activeCount; i++) {
      const row = this.#active[i]!;
      if ((this.#rows[row]! & hasUsage) !== 0 && this.#decide(row)) repeating.push(row);
    }
    this.#remember(batch, index);
    return repeating;
  }

  /** Spans around AI are few in most traffic; those of other traces cost a look at one bit. */
  #findActive(index: SpanIndex): void {
    const traces = this.#traces;
    const { traceHashes } = index.ids;
    traces.clear();
    for (let row = 0; row < this.#length; row++) {
      if (this.#rows[row] !== 0) traces.add(traceHashes[row]!);
    }
    this.#activeCount = 0;
    for (let row = 0; row < this.#length; row++) {
      const hash = traceHashes[row]!;
      if (traces.mayHave(hash) || this.#memory.mayHaveTrace(hash)) this.#active[this.#activeCount++] = row;
    }
  }

  /** Reads the marks that earlier batches have left. */
  #recall(batch: SpanBatch, index: SpanIndex): void {
    this.#below.fill(0, 0, this.#length);
    for (let i = 0; i < this.#activeCount; i++) {
      const row = this.#active[i]!;
      const record = batch.isDropped(row) ? -1 : this.#memory.find(index.ids, row);
      this.#records[row] = record;
      this.#marks[row] = record < 0 ? 0 : this.#memory.flagsAt(record);
    }
    // What was found out of spans whose own place was not known then is passed on to those above.
    for (let i = 0; i < this.#activeCount; i++) {
      const row = this.#active[i]!;
      const isNew = (this.#marks[row]! & (Mark.ABOVE_COUNTED | Mark.SEEN)) === Mark.ABOVE_COUNTED;
      if (isNew && (this.#rows[row]! & isTool) === 0) this.#markAncestors(row, index);
    }
  }

  /** Spans with usage that nothing speaks against but usage below them in this very batch. */
  #candidates(index: SpanIndex): readonly number[] {
    const candidates: number[] = [];
    for (let i = 0; i < this.#activeCount; i++) {
      const row = this.#active[i]!;
      const facts = this.#rows[row]!;
      if ((facts & hasUsage) === 0) continue;
      const marks = this.#marks[row]!;
      if ((marks & (Mark.COUNTED | Mark.REPEATS)) !== 0) continue;
      if ((facts & alwaysRepeats) !== 0 || this.#isBelowCounted(row, index)) this.#marks[row] = marks | Mark.REPEATS;
      else candidates.push(row);
    }
    return candidates;
  }

  #isBelowCounted(row: number, index: SpanIndex): boolean {
    const path = this.#path;
    let steps = 0;
    let answer = 1;
    for (let at = row; ; ) {
      const known = this.#below[at]!;
      if (known !== 0) {
        answer = known === 2 ? 2 : 1;
        break;
      }
      this.#below[at] = 3;
      path[steps++] = at;
      if ((this.#rows[at]! & isTool) !== 0) break;
      const parent = index.parentRow(at);
      if (parent < 0) {
        answer = this.#isRememberedCounted(at, index) ? 2 : 1;
        break;
      }
      if ((this.#marks[parent]! & (Mark.COUNTED | Mark.BELOW_COUNTED)) !== 0) {
        answer = 2;
        break;
      }
      at = parent;
    }
    for (let step = 0; step < steps; step++) this.#below[path[step]!] = answer;
    return answer === 2;
  }

  /** Whether the parent of `row`, which is not in the batch, or a span above it was counted. */
  #isRememberedCounted(row: number, index: SpanIndex): boolean {
    let record = index.hasParent(row) ? this.#memory.find(index.parents, row) : -1;
    for (let step = 0; record >= 0 && step < maxRememberedSteps; step++) {
      const marks = this.#memory.flagsAt(record);
      if ((marks & (Mark.COUNTED | Mark.BELOW_COUNTED)) !== 0) return true;
      if ((marks & Mark.TOOL) !== 0) return false;
      record = this.#memory.parentOf(record);
    }
    return false;
  }

  #markAncestors(row: number, index: SpanIndex): void {
    for (let at = row; ; ) {
      const parent = index.parentRow(at);
      if (parent < 0) {
        this.#markRemembered(at, index);
        return;
      }
      if (parent === row) return;
      if ((this.#marks[parent]! & (Mark.ABOVE_COUNTED | Mark.SEEN)) === (Mark.ABOVE_COUNTED | Mark.SEEN)) return;
      this.#marks[parent]! |= Mark.ABOVE_COUNTED | Mark.SEEN;
      if ((this.#rows[parent]! & isTool) !== 0) return;
      at = parent;
    }
  }

  #markRemembered(row: number, index: SpanIndex): void {
    if (!index.hasParent(row)) return;
    let record = this.#memory.add(index.parents, row, Mark.ABOVE_COUNTED);
    for (let step = 0; record >= 0 && step < maxRememberedSteps; step++) {
      this.#memory.addFlag(record, Mark.ABOVE_COUNTED);
      if ((this.#memory.flagsAt(record) & Mark.TOOL) !== 0) return;
      record = this.#memory.parentOf(record);
    }
  }

  /** Whether the span repeats; its mark says so from now on. */
  #decide(row: number): boolean {
    const marks = this.#marks[row]!;
    if ((marks & Mark.COUNTED) !== 0) return false;
    const repeats = (marks & (Mark.REPEATS | Mark.ABOVE_COUNTED)) !== 0;
    this.#marks[row] = marks | (repeats ? Mark.REPEATS : Mark.COUNTED);
    return repeats;
  }

  /** Keeps what spans of later batches may ask for: known spans, and all others on the way between two of them. */
  #remember(batch: SpanBatch, index: SpanIndex): void {
    this.#below.fill(0, 0, this.#length);
    for (let i = 0; i < this.#activeCount; i++) {
      const row = this.#active[i]!;
      if (batch.isDropped(row)) continue;
      const isBelow = this.#isBelowCounted(row, index);
      const facts = this.#rows[row]!;
      const marks = this.#marks[row]! | (isBelow ? Mark.BELOW_COUNTED : 0);
      if (facts === 0 && marks === 0) continue;
      const known = this.#records[row]!;
      const record = known >= 0 ? known : this.#memory.add(index.ids, row, Mark.SEEN);
      if (record < 0) return;
      this.#memory.addFlag(record, marks | Mark.SEEN | ((facts & isTool) !== 0 ? Mark.TOOL : 0));
      this.#memory.setParent(record, index.parents.spans[2 * row]!, index.parents.spans[2 * row + 1]!);
    }
  }
}
