import type { SpanSignal } from "../../../pipeline/span-batch/side-tables.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { inlineSignal, problemOf } from "../../../processors/signals/inline/normalise.ts";
import { warnOfSignalLimit } from "../../../processors/signals/inline/warnings.ts";
import type { RowFields } from "./row-fields.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/** How much of a signal's name a problem repeats. */
const maxNamedLength = 100;

/**
 * Reads the signals of JSON spans. A span has the first so many: a request is not refused for its further ones, since SDKs
 * do not send again what was refused, and a span is worth more than them.
 */
export class SpanSignals {
  readonly #batch: SpanBatch;
  readonly #fields: RowFields;
  readonly #maxPerSpan: number;
  /** Of rows that have some. They go to the batch at the end, because a later row may say a span again. */
  readonly #ofRow = new Map<number, readonly SpanSignal[]>();
  /** By row: signals beyond the limit. */
  readonly #beyond = new Map<number, number>();

  constructor(batch: SpanBatch, fields: RowFields, maxPerSpan: number) {
    this.#batch = batch;
    this.#fields = fields;
    this.#maxPerSpan = maxPerSpan;
  }

  /** How many were left out. */
  get leftOut(): number {
    return [...this.#beyond.values()].reduce((sum, count) => sum + count, 0);
  }

  read(row: number): void {
    const sent = this.#fields.object("signals");
    if (sent === undefined) return;
    const names = Object.keys(sent);
    const signals: SpanSignal[] = [];
    for (const name of names.slice(0, this.#maxPerSpan)) {
      const signal = inlineSignal(name, sent[name] as never);
      if ("fault" in signal) {
        const place = this.#fields.loc("signals", name.slice(0, maxNamedLength));
        this.#fields.problems.add(place, problemOf(signal), "invalid_value");
      } else signals.push({ row, entity: "span", name: signal.name, value: signal.value, source: "sdk" });
    }
    this.#ofRow.set(row, signals);
    if (names.length > this.#maxPerSpan) this.#beyond.set(row, names.length - this.#maxPerSpan);
  }

  /**
   * Takes back the signals of a row that `row` says again, and cuts those that both say together: what is joined over and
   * over must not grow with each time.
   *
   * @param span what both rows say
   * @returns what `row` says from now on
   */
  join(earlier: number, row: number, span: JsonObject): JsonObject {
    this.#ofRow.delete(earlier);
    const before = this.#beyond.get(earlier) ?? 0;
    this.#beyond.delete(earlier);
    const said = span["signals"] ?? {};
    const signals = typeof said === "object" && !Array.isArray(said) ? Object.entries(said) : [];
    // Both may have left out the same ones: the larger number is right, or a little too small.
    const beyond = Math.max(before, signals.length - this.#maxPerSpan);
    if (beyond > 0) this.#beyond.set(row, beyond);
    if (signals.length <= this.#maxPerSpan) return span;
    return { ...span, signals: Object.fromEntries(signals.slice(0, this.#maxPerSpan)) };
  }

  /** Gives the signals of all rows to the batch, and says on spans which have too many. */
  finish(): void {
    for (const signals of this.#ofRow.values()) for (const signal of signals) this.#batch.signals.push(signal);
    for (const row of this.#beyond.keys()) warnOfSignalLimit(this.#batch, row, this.#maxPerSpan);
  }
}
