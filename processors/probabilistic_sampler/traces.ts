import type { NumberColumn, TokenColumn } from "../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { probabilityOf } from "../helper/sampling/threshold.ts";
import { parseTraceState, type TraceState, traceStateText } from "../helper/sampling/trace-state.ts";
import type { SamplerInstruments } from "./instruments.ts";
import { priorityReader } from "./priority.ts";
import { hashRandomness, hashRandomnessValue, type Randomness, type SamplingRule } from "./rule.ts";

/** Makes what drops the spans of a batch that `rule` does not keep, and writes weight and tracestate of the others. */
export function tracesSampler(
  rule: SamplingRule,
  id: string,
  instruments: SamplerInstruments,
): (batch: SpanBatch) => void {
  const stateTemplate = Buffer.from(`ot=rv:00000000000000;th:${rule.thresholdText}`);
  return (batch) => {
    new BatchSampler(rule, id, instruments, stateTemplate, batch).run();
    instruments.flush();
  };
}

const digits = Buffer.from("0123456789abcdef");

/** Whether the range of an id is not all zero; most ids show it in their last bytes. */
function hasTraceId(ids: Uint8Array, start: number): boolean {
  if (ids[start + 15] !== 0) return true;
  for (let i = start + 15; i >= start; i--) if (ids[i] !== 0) return true;
  return false;
}

class BatchSampler {
  readonly #rule: SamplingRule;
  readonly #id: string;
  readonly #instruments: SamplerInstruments;
  readonly #batch: SpanBatch;
  readonly #priority: ((row: number) => bigint | undefined) | undefined;
  /** Of a span that says nothing of sampling; high 24 and low 32 bits. */
  readonly #high: number;
  readonly #low: number;
  readonly #weight: number;
  /** The tracestate of a span kept by its hash, but for its randomness. */
  readonly #stateTemplate: Buffer;
  #weights: NumberColumn | undefined;
  #policies: TokenColumn | undefined;
  #policyIndex = -1;
  /** Where `ot=th:...` stands, which all spans that had no tracestate share. */
  #sharedStart = -1;
  #sharedLength = 0;

  constructor(
    rule: SamplingRule,
    id: string,
    instruments: SamplerInstruments,
    stateTemplate: Buffer,
    batch: SpanBatch,
  ) {
    this.#rule = rule;
    this.#id = id;
    this.#instruments = instruments;
    this.#batch = batch;
    this.#priority = priorityReader(batch);
    this.#high = Number(rule.threshold >> 32n);
    this.#low = Number(rule.threshold & 0xffffffffn);
    this.#weight = 1 / probabilityOf(rule.threshold);
    this.#stateTemplate = stateTemplate;
  }

  run(): void {
    const batch = this.#batch;
    const { traceId, traceState, length } = batch;
    const { kind } = this.#rule;
    const isCertain = this.#rule.threshold === 0n;
    const isUsual = this.#priority === undefined && kind !== "never";
    let kept = 0;
    let dropped = 0;
    for (let row = 0; row < length; row++) {
      if (batch.isDropped(row)) continue;
      if (!isUsual || traceState[2 * row + 1]! !== 0 || !hasTraceId(traceId, 16 * row)) this.#judge(row);
      else if (isCertain) kept++;
      else if (kind === "hash" ? this.#byHash(row) : this.#byTraceId(row)) kept++;
      else {
        batch.drop(row);
        dropped++;
      }
    }
    if (kept + dropped > 0) {
      this.#instruments.count(kind === "hash" ? "trace_id_hash" : "trace_id_w3c", kept, dropped);
    }
  }

  #byHash(row: number): boolean {
    const hash = this.#rule.hash(this.#batch.traceId, 16 * row, 16);
    if (!this.#rule.keepsHash(hash)) return false;
    const [high, low] = hashRandomness(hash);
    this.#writeHashState(row, high, low);
    this.#mark(row, this.#weight);
    return true;
  }

  #byTraceId(row: number): boolean {
    const { traceId, traceState } = this.#batch;
    const at = 16 * row;
    const high = (traceId[at + 9]! << 16) | (traceId[at + 10]! << 8) | traceId[at + 11]!;
    if (high < this.#high) return false;
    const low =
      ((traceId[at + 12]! << 24) | (traceId[at + 13]! << 16) | (traceId[at + 14]! << 8) | traceId[at + 15]!) >>> 0;
    if (high === this.#high && low < this.#low) return false;
    if (this.#sharedStart < 0) {
      const { arena } = this.#batch;
      this.#sharedStart = arena.appendText(`ot=th:${this.#rule.thresholdText}`);
      this.#sharedLength = arena.length - this.#sharedStart;
    }
    traceState[2 * row] = this.#sharedStart;
    traceState[2 * row + 1] = this.#sharedLength;
    this.#mark(row, this.#weight);
    return true;
  }

  /** `ot=rv:...;th:...`: the randomness cannot be computed from the trace id by who does not know the seed. */
  #writeHashState(row: number, high: number, low: number): void {
    const { arena, traceState } = this.#batch;
    const template = this.#stateTemplate;
    const start = arena.reserve(template.length);
    const { bytes } = arena;
    for (let i = 0; i < template.length; i++) bytes[start + i] = template[i]!;
    const at = start + "ot=rv:".length;
    for (let i = 0; i < 6; i++) bytes[at + i] = digits[(high >>> (20 - 4 * i)) & 15]!;
    for (let i = 0; i < 8; i++) bytes[at + 6 + i] = digits[(low >>> (28 - 4 * i)) & 15]!;
    traceState[2 * row] = start;
    traceState[2 * row + 1] = template.length;
  }

  /** The way for spans that say something of sampling themselves. */
  #judge(row: number): void {
    const batch = this.#batch;
    const { arena, traceState } = batch;
    const state = parseTraceState(arena.text(traceState[2 * row]!, traceState[2 * row + 1]!));
    const arrived = state?.threshold;
    const { keep, source, write } = this.#rule.judge({
      info: state,
      derived: this.#derived(row),
      priority: this.#priority?.(row),
    });
    this.#instruments.count(source, keep ? 1 : 0, keep ? 0 : 1);
    if (!keep) {
      batch.drop(row);
      return;
    }
    if (write && state !== undefined) this.#writeState(row, state);
    const before = arrived === undefined ? 1 : 1 / probabilityOf(arrived);
    const after = write && state?.threshold !== undefined ? 1 / probabilityOf(state.threshold) : before;
    this.#mark(row, after / before, before);
  }

  #derived(row: number): Randomness | undefined {
    const { traceId } = this.#batch;
    const at = 16 * row;
    if (!hasTraceId(traceId, at)) return undefined;
    if (this.#rule.kind === "hash") {
      return { value: hashRandomnessValue(this.#rule.hash(traceId, at, 16)), source: "trace_id_hash" };
    }
    let value = 0n;
    for (let i = 9; i < 16; i++) value = (value << 8n) | BigInt(traceId[at + i]!);
    return { value, source: "trace_id_w3c" };
  }

  #writeState(row: number, state: TraceState): void {
    const { arena, traceState } = this.#batch;
    const start = arena.appendText(traceStateText(state));
    traceState[2 * row] = start;
    traceState[2 * row + 1] = arena.length - start;
  }

  /**
   * Multiplies the weight of a span by `factor`, and says who sampled it unless that is known.
   *
   * @param before weight of a span that has none yet: what sampling before it reached Signalbox came to
   */
  #mark(row: number, factor: number, before = 1): void {
    this.#weights ??= this.#batch.deriveColumn("SampleWeight");
    const known = this.#weights.get(row);
    if (known !== undefined || factor * before !== 1) this.#weights.set(row, (known ?? before) * factor);
    this.#policies ??= this.#batch.deriveColumn("SamplePolicy");
    if (this.#policies.indexAt(row) >= 0) return;
    if (this.#policyIndex < 0) this.#policyIndex = this.#batch.tokens.internText(this.#id);
    this.#policies.setIndex(row, this.#policyIndex);
  }
}
