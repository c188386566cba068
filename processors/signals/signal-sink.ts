import type { SignalEntity } from "../../pipeline/span-batch/side-tables.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { warnOfSignalLimit } from "./inline/warnings.ts";
import type { SignalsInstruments } from "./instruments.ts";
import type { Fault } from "./sources/text-subject.ts";
import type { Scalar } from "./text/json-path.ts";

/** Whoever makes signals: a rule, or an SDK. */
export interface SignalMaker {
  /** For the count. */
  readonly id: string;
  /** For the column `source`. */
  readonly source: string;
  /** Signals made in this batch. */
  made: number;
}

/** Where signals of a batch go, within the bounds; counts what was made and what was left out. */
export class SignalSink {
  readonly #maxPerSpan: number;
  readonly #instruments: SignalsInstruments;
  readonly #makers = new Set<SignalMaker>();
  readonly #faults = new Map<Fault, number>();
  #batch: SpanBatch | undefined;
  #sessions: { lengthAt(row: number): number } | undefined;
  /** Signals by span, of spans that have some; those that a receiver has read count too. */
  readonly #ofRow = new Map<number, number>();
  /** Spans that have more than they may. */
  readonly #full = new Set<number>();

  constructor(maxPerSpan: number, instruments: SignalsInstruments) {
    this.#maxPerSpan = maxPerSpan;
    this.#instruments = instruments;
  }

  bind(batch: SpanBatch): void {
    this.#batch = batch;
    this.#sessions = batch.derivedColumn("SessionId");
    this.#ofRow.clear();
    this.#full.clear();
    for (const { row } of batch.signals) this.#ofRow.set(row, (this.#ofRow.get(row) ?? 0) + 1);
  }

  /** A signal of a session that the span does not have is none. */
  push(row: number, entity: SignalEntity, name: string, value: Scalar, maker: SignalMaker): void {
    if (entity === "session" && (this.#sessions?.lengthAt(row) ?? -1) <= 0) return;
    const already = this.#ofRow.get(row) ?? 0;
    if (already >= this.#maxPerSpan) {
      this.failed("too_many_signals");
      this.#full.add(row);
      return;
    }
    this.#ofRow.set(row, already + 1);
    this.#batch!.signals.push({ row, entity, name, value, source: maker.source });
    maker.made++;
    this.#makers.add(maker);
  }

  failed(fault: Fault): void {
    this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1);
  }

  /** Hands the counts of the batch on, and says on spans which have too many. */
  flush(): void {
    for (const row of this.#full) warnOfSignalLimit(this.#batch!, row, this.#maxPerSpan);
    for (const maker of this.#makers) {
      this.#instruments.made(maker.id, maker.made);
      maker.made = 0;
    }
    this.#makers.clear();
    for (const [fault, count] of this.#faults) this.#instruments.failed(fault, count);
    this.#faults.clear();
    this.#batch = undefined;
  }
}
