import { type Clock, systemClock } from "../../exporters/helper/clock.ts";
import type { Consumer, Processor, Settings } from "../../pipeline/component.ts";
import { RetryableError } from "../../pipeline/errors.ts";
import { releaseBatch } from "../../pipeline/span-batch/batch-pool.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { ProcessorInstruments } from "../../telemetry/instruments.ts";
import type { TailSamplingConfig } from "./config.ts";
import { type EarlyReason, type Held, TailInstruments } from "./instruments.ts";
import { Intake } from "./intake.ts";
import { Judge } from "./judge.ts";
import { Outbox } from "./outbox.ts";
import { Settler } from "./settler.ts";
import { SpanStore } from "./span-store.ts";
import { TraceState, TraceTable } from "./trace-table.ts";

/** Traces decided in one go; between two rounds other work gets its turn. */
const maxRound = 2000;
/** Share of memory that is freed beyond what is needed, so that not every request has to. */
const extraRoom = 0.02;
/** How long a sender is asked to wait when memory is full. */
const refusedRetryMs = 1_000;
/** Between two looks for traces that are due. */
const maxTickMs = 1_000;
/** Bytes of a segment: a share of memory, as a power of two, which is what the pool of buffers has. */
const segmentShare = 1 / 512;
const minSegmentBytes = 32 * 1024;
const maxSegmentBytes = 512 * 1024;

function segmentBytesOf(maxBytes: number): number {
  const power = 2 ** Math.floor(Math.log2(maxBytes * segmentShare));
  return Math.min(Math.max(power, minSegmentBytes), maxSegmentBytes);
}

/**
 * Holds the spans of a trace until it can be judged as a whole, and passes on the traces that a policy keeps.
 *
 * `consume` resolves once the spans are in memory: what is undecided is lost with the process, and decided early at a
 * shutdown. Memory is bounded; when it is full the oldest traces are decided first, nothing is dropped for want of room.
 */
export class TailSamplingProcessor implements Processor<SpanBatch> {
  readonly #config: TailSamplingConfig;
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #flow: ProcessorInstruments;
  readonly #instruments: TailInstruments;
  readonly #judge: Judge;
  readonly #traces: TraceTable;
  readonly #store: SpanStore;
  readonly #outbox: Outbox;
  readonly #settler: Settler;
  readonly #intake: Intake;
  readonly #segmentBytes: number;
  readonly #tickMs: number;
  #cancelTick: () => void = () => {};
  #isShutDown = false;

  constructor(config: TailSamplingConfig, next: Consumer<SpanBatch>, settings: Settings, clock: Clock = systemClock) {
    const { id, meter, logger } = settings;
    this.#config = config;
    this.#settings = settings;
    this.#clock = clock;
    this.#flow = new ProcessorInstruments(meter, id);
    this.#instruments = new TailInstruments(meter, id, () => this.held());
    this.#judge = new Judge(config, clock, this.#instruments);
    this.#traces = new TraceTable(this.#judge.predicates.length);
    this.#segmentBytes = segmentBytesOf(config.max_bytes);
    this.#store = new SpanStore(this.#segmentBytes);
    this.#outbox = new Outbox(config, {
      next,
      logger,
      clock,
      onSent: (spans) => this.#flow.outgoing("traces", spans),
      onLost: (spans) => this.#instruments.lost(spans),
    });
    const parts = {
      config,
      traces: this.#traces,
      store: this.#store,
      judge: this.#judge,
      outbox: this.#outbox,
      instruments: this.#instruments,
    };
    this.#settler = new Settler(parts);
    this.#intake = new Intake(parts, this.#settler);
    const shortest = Math.min(
      config.decision_wait,
      config.decision_wait_after_root_received || Number.POSITIVE_INFINITY,
    );
    this.#tickMs = Math.min(Math.max(shortest / 10, 10), maxTickMs);
  }

  /** Traces and spans that wait for a decision or for the next stage, and all memory they take. */
  held(): Held {
    return {
      traces: this.#traces.count,
      spans: this.#store.spans,
      spanBytes: this.#store.liveBytes,
      bytes: this.#heldBytes,
      outgoingSpans: this.#outbox.spans,
    };
  }

  async start(): Promise<void> {
    this.#schedule(this.#tickMs);
  }

  async consume(batch: SpanBatch): Promise<void> {
    this.#flow.incoming("traces", batch.itemCount);
    if (this.#isShutDown) throw new RetryableError("tail_sampling: shutting down");
    if (batch.itemCount === 0) return;
    this.#makeRoom(batch.byteLength);
    const now = this.#clock.now();
    this.#settle(this.#intake.take(batch, now), now);
    this.#boundTraces();
    releaseBatch(batch);
    // Spans may take more than was thought: what they share in their batch, each has for itself then.
    this.#decideForRoom(0, this.#config.max_bytes);
  }

  async shutdown(deadline: AbortSignal): Promise<void> {
    this.#isShutDown = true;
    this.#cancelTick();
    if (this.#config.drop_pending_traces_on_shutdown) this.#dropPending();
    else while (this.#traces.open.length > 0) this.#decide(this.#oldest(maxRound, () => true));
    await this.#outbox.drain(deadline);
  }

  get #heldBytes(): number {
    return this.#store.allocatedBytes + this.#outbox.bytes + this.#traces.byteLength + this.#settler.byteLength;
  }

  #schedule(ms: number): void {
    this.#cancelTick = this.#clock.schedule(ms, () => this.#tick());
  }

  /** Decides the traces whose time has come. */
  #tick(): void {
    const began = performance.now();
    const due = this.#due(this.#clock.now());
    this.#decide(due);
    // Late spans wait for this, too.
    this.#outbox.flush();
    this.#instruments.timed(performance.now() - began);
    this.#schedule(due.length >= maxRound ? 0 : this.#tickMs);
  }

  #due(now: number): number[] {
    const traces = this.#traces;
    const { decision_wait, decision_wait_after_root_received: afterRoot } = this.#config;
    const due: number[] = [];
    const take = (slot: number): void => {
      traces.open.remove(slot);
      traces.rooted.remove(slot);
      due.push(slot);
    };
    while (due.length < maxRound) {
      const rooted = traces.rooted.first;
      if (rooted < 0 || traces.rootMs[rooted]! + afterRoot > now) break;
      take(rooted);
    }
    while (due.length < maxRound) {
      const oldest = traces.open.first;
      if (oldest < 0 || traces.arrivedMs[oldest]! + decision_wait > now) break;
      take(oldest);
    }
    return due;
  }

  #decide(slots: readonly number[]): void {
    const now = this.#clock.now();
    this.#settle(this.#judge.decide(slots, this.#traces, now), now);
  }

  #settle(slots: readonly number[], now: number): void {
    if (slots.length === 0) return;
    this.#settler.settle(slots, now);
    this.#store.compact();
  }

  /** Takes the oldest undecided traces, at most `count` and while `goOn` says so. */
  #oldest(count: number, goOn: (slot: number) => boolean): number[] {
    const { open, rooted } = this.#traces;
    const slots: number[] = [];
    while (slots.length < count && open.first >= 0 && goOn(open.first)) {
      const slot = open.first;
      open.remove(slot);
      rooted.remove(slot);
      slots.push(slot);
    }
    return slots;
  }

  /**
   * Makes room for `bytes` by deciding the oldest traces.
   *
   * @throws {RetryableError} there is none, since the next stage takes nothing, or the user would rather wait
   */
  #makeRoom(bytes: number): void {
    const { max_bytes, block_on_overflow, num_traces } = this.#config;
    if (block_on_overflow && this.#traces.open.length >= num_traces) {
      throw this.#full(`holds ${this.#traces.open.length} undecided traces, num_traces is ${num_traces}`);
    }
    // The open segment may be full, and the next one has room for more.
    if (this.#decideForRoom(bytes, max_bytes - this.#segmentBytes)) return;
    // A single request may be larger than all.
    if (this.#store.spans === 0 && this.#outbox.spans === 0) return;
    throw this.#full(`would hold ${this.#heldBytes + bytes} bytes, max_bytes is ${max_bytes}`);
  }

  /** Decides the oldest traces, unless the user would rather wait, until `bytes` more are `most`; returns whether they are. */
  #decideForRoom(bytes: number, most: number): boolean {
    const { max_bytes, block_on_overflow } = this.#config;
    // What decided traces leave behind is given back in pieces, so that one round may not be enough.
    while (this.#heldBytes + bytes > most) {
      let needed = this.#heldBytes + bytes - most + max_bytes * extraRoom;
      const early = this.#oldest(block_on_overflow ? 0 : Number.POSITIVE_INFINITY, (slot) => {
        const goOn = needed > 0;
        needed -= this.#traces.bytes[slot]!;
        return goOn;
      });
      if (early.length === 0) return false;
      this.#decideEarly(early, "max_bytes");
    }
    return true;
  }

  #full(message: string): RetryableError {
    return new RetryableError(`tail_sampling: ${message}`, { retryAfterMs: refusedRetryMs });
  }

  /** Decides the oldest traces until there are no more than `num_traces`. */
  #boundTraces(): void {
    const { num_traces, block_on_overflow } = this.#config;
    const excess = this.#traces.count - num_traces;
    if (excess > 0 && !block_on_overflow)
      this.#decideEarly(
        this.#oldest(excess, () => true),
        "num_traces",
      );
  }

  #decideEarly(slots: readonly number[], reason: EarlyReason): void {
    if (slots.length === 0) return;
    this.#instruments.decidedEarly(reason, slots.length);
    this.#decide(slots);
  }

  #dropPending(): void {
    const now = this.#clock.now();
    const slots = this.#oldest(Number.POSITIVE_INFINITY, () => true);
    if (slots.length === 0) return;
    const spans = slots.reduce((sum, slot) => sum + this.#traces.spans[slot]!, 0);
    for (const slot of slots) this.#traces.decide(slot, TraceState.DROPPED, now);
    this.#instruments.droppedTooEarly(slots.length);
    this.#instruments.decided("dropped", slots.length, spans);
    this.#settings.logger.warn(
      { traces: slots.length, spans },
      "tail_sampling: undecided traces are dropped, as drop_pending_traces_on_shutdown says",
    );
    this.#settle(slots, now);
  }
}
