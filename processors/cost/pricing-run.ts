import type { NumberColumn, TokenColumn } from "../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { refusedValueOf } from "../helper/refused-value.ts";
import { type PricePeriod, type PriceTier, periodAt, vectorOf } from "./price.ts";
import type { PriceBook, PriceEntry } from "./price-book.ts";
import { type Charge, chargeOf, createUsage, settleUsage, usageWarnings } from "./usage.ts";

/** Value of `PriceVersion` where the sender said the cost. */
export const clientVersion = "client";

/** Entry of `Warnings` for a cost that the sender said and that cannot be one. */
const invalidCost: readonly string[] = [
  "invalid_cost: the cost that was sent is negative or infinite, so it is left out",
];
const usageWarningLists = {
  invalid: [usageWarnings.invalid],
  inconsistent: [usageWarnings.inconsistent],
} as const;

const refusedCounts = [refusedValueOf("InputTokens"), refusedValueOf("OutputTokens")] as const;

const noTier: PriceTier = { above: -1, prices: vectorOf({}), label: "" };

/** A model of the batch, and the tokens that its spans get. */
interface Seen {
  /** Made of the tokens of its names; -1 in a slot that was not used. */
  readonly key: number;
  readonly entry: PriceEntry;
  /** The tier that `version` and `label` are of. */
  tier: PriceTier;
  /** Indexes into the tokens of the batch; -1 for no label. */
  version: number;
  label: number;
}

/** Models that are found without a search; a power of two. */
const slotCount = 256;

/** Made when the first span is priced. */
interface WrittenColumns {
  readonly cost: NumberColumn;
  readonly inputCost: NumberColumn;
  readonly outputCost: NumberColumn;
  readonly priceVersion: TokenColumn;
  readonly priceTier: TokenColumn;
}

/** One pass over a batch: its columns, looked up once, and the prices of the models in it. */
export class PricingRun {
  readonly #batch: SpanBatch;
  readonly #book: PriceBook;
  readonly #kinds: ReadonlySet<string>;
  readonly #kind: TokenColumn | undefined;
  readonly #provider: TokenColumn | undefined;
  readonly #responseModel: TokenColumn | undefined;
  readonly #requestModel: TokenColumn | undefined;
  readonly #priceVersion: TokenColumn | undefined;
  readonly #cost: NumberColumn | undefined;
  readonly #inputCost: NumberColumn | undefined;
  readonly #outputCost: NumberColumn | undefined;
  readonly #tokens: readonly (NumberColumn | undefined)[];
  /** By entry of the kind's token: 0 not known yet, 1 not priced, 2 priced. */
  readonly #kindVerdicts: Uint8Array;
  /** Distinct tokens of the batch, and one for "not set". */
  readonly #radix: number;
  readonly #seen = new Map<number, Seen>();
  /** The model last met of those that share a slot. */
  readonly #slots: (Seen | undefined)[] = new Array<Seen | undefined>(slotCount).fill(undefined);
  #written: WrittenColumns | undefined;
  readonly #usage = createUsage();
  readonly #charge: Charge = { tier: noTier, input: 0, output: 0, total: 0 };

  constructor(batch: SpanBatch, book: PriceBook, kinds: ReadonlySet<string>) {
    this.#batch = batch;
    this.#book = book;
    this.#kinds = kinds;
    this.#kind = batch.derivedColumn("OperationKind");
    this.#provider = batch.derivedColumn("Provider");
    this.#responseModel = batch.derivedColumn("ResponseModel");
    this.#requestModel = batch.derivedColumn("RequestModel");
    this.#priceVersion = batch.derivedColumn("PriceVersion");
    this.#cost = batch.derivedColumn("Cost");
    this.#inputCost = batch.derivedColumn("InputCost");
    this.#outputCost = batch.derivedColumn("OutputCost");
    this.#tokens = [
      batch.derivedColumn("InputTokens"),
      batch.derivedColumn("CacheReadTokens"),
      batch.derivedColumn("CacheWriteTokens"),
      batch.derivedColumn("InputAudioTokens"),
      batch.derivedColumn("OutputTokens"),
      batch.derivedColumn("ReasoningTokens"),
      batch.derivedColumn("OutputAudioTokens"),
    ];
    this.#radix = batch.tokens.length + 1;
    this.#kindVerdicts = new Uint8Array(this.#radix);
  }

  /**
   * Fills the cost columns of a span.
   *
   * @returns the model that has no price, or undefined
   */
  price(row: number): PriceEntry | undefined {
    if (this.#hasClientCost(row)) return undefined;
    if (this.#kind === undefined || !this.#isPricedKind(this.#kind.indexAt(row) + 1)) return undefined;
    const seen = this.#seenAt(row);
    if (seen === undefined) return undefined;
    this.#readUsage(row);
    const period = this.#periodOf(seen.entry, row);
    if (Number.isNaN(this.#usage.input) && Number.isNaN(this.#usage.output)) {
      if (period === undefined || !isPerRequest(period)) return undefined;
    }
    const fault = this.#isRefused(row) ? "invalid" : settleUsage(this.#usage);
    if (fault !== undefined) this.warn(row, usageWarningLists[fault]);
    if (fault === "invalid") return undefined;
    if (period === undefined) {
      this.#batch.setDerived("Cost", row, 0);
      return seen.entry;
    }
    this.#write(row, period, seen);
    return undefined;
  }

  /** Adds to the warnings of a span. */
  warn(row: number, warnings: readonly string[]): void {
    const before = this.#batch.getDerived("Warnings", row);
    this.#batch.setDerived("Warnings", row, before === undefined ? warnings : [...before, ...warnings]);
  }

  /** Whether the sender said the cost, which is then marked as such. */
  #hasClientCost(row: number): boolean {
    const cost = valueAt(this.#cost, row);
    if (!Number.isNaN(cost)) return this.#acceptClientCost(row, cost);
    // Both halves are the whole; one of them says nothing about the other.
    const sum = valueAt(this.#inputCost, row) + valueAt(this.#outputCost, row);
    return !Number.isNaN(sum) && this.#acceptClientCost(row, sum);
  }

  #acceptClientCost(row: number, cost: number): boolean {
    // Another `cost` processor was here before.
    if (this.#priceVersion !== undefined && this.#priceVersion.indexAt(row) >= 0) return true;
    if (cost >= 0 && cost < Number.POSITIVE_INFINITY) {
      this.#batch.setDerived("Cost", row, cost);
      this.#batch.setDerived("PriceVersion", row, clientVersion);
      return true;
    }
    for (const column of [this.#cost, this.#inputCost, this.#outputCost]) column?.unset(row);
    this.warn(row, invalidCost);
    return false;
  }

  #isPricedKind(token: number): boolean {
    let verdict = this.#kindVerdicts[token]!;
    if (verdict === 0) {
      verdict = token > 0 && this.#kinds.has(this.#batch.tokens.text(token - 1)) ? 2 : 1;
      this.#kindVerdicts[token] = verdict;
    }
    return verdict === 2;
  }

  /** What is known of the span's model; undefined when it names none. */
  #seenAt(row: number): Seen | undefined {
    const response = this.#responseModel === undefined ? 0 : this.#responseModel.indexAt(row) + 1;
    const request = this.#requestModel === undefined ? 0 : this.#requestModel.indexAt(row) + 1;
    if (response === 0 && request === 0) return undefined;
    const provider = this.#provider === undefined ? 0 : this.#provider.indexAt(row) + 1;
    const slot = (provider * 31 + response * 7 + request) & (slotCount - 1);
    const key = (provider * this.#radix + response) * this.#radix + request;
    const last = this.#slots[slot];
    // Keys are exact below 2^53, that is for 200,000 distinct tokens in a batch; beyond, the book is asked each time.
    if (last !== undefined && last.key === key && key <= Number.MAX_SAFE_INTEGER) return last;
    const seen = this.#seen.get(key) ?? this.#look(key, provider, response, request);
    this.#slots[slot] = seen;
    return seen;
  }

  #look(key: number, provider: number, response: number, request: number): Seen {
    const entry = this.#book.entryOf(this.#text(provider), this.#text(response), this.#text(request));
    const seen = { key, entry, tier: noTier, version: -1, label: -1 };
    if (key <= Number.MAX_SAFE_INTEGER) this.#seen.set(key, seen);
    return seen;
  }

  #text(token: number): string {
    return token === 0 ? "" : this.#batch.tokens.text(token - 1);
  }

  /** The prices that hold when the span starts; undefined when none does, or none that tokens could be priced by. */
  #periodOf({ periods }: PriceEntry, row: number): PricePeriod | undefined {
    const times = this.#batch.startTimeUnixNano;
    const first = periods[0];
    const period = first?.isAlways ? first : periodAt(periods, (times[2 * row + 1]! * 2 ** 32 + times[2 * row]!) / 1e6);
    return period === undefined || period.otherUnits.length > 0 ? undefined : period;
  }

  #readUsage(row: number): void {
    const usage = this.#usage;
    const tokens = this.#tokens;
    usage.input = valueAt(tokens[0], row);
    usage.cacheRead = valueAt(tokens[1], row);
    usage.cacheWrite = valueAt(tokens[2], row);
    usage.inputAudio = valueAt(tokens[3], row);
    usage.output = valueAt(tokens[4], row);
    usage.reasoning = valueAt(tokens[5], row);
    usage.outputAudio = valueAt(tokens[6], row);
  }

  /** Whether the one count that is missing was sent, but as something that is no count: the other is not the whole then. */
  #isRefused(row: number): boolean {
    const { input, output } = this.#usage;
    if (Number.isNaN(input) === Number.isNaN(output)) return false;
    const refused = Number.isNaN(input) ? refusedCounts[0] : refusedCounts[1];
    return this.#batch.getDerived("Warnings", row)?.some((warning) => warning.startsWith(refused)) === true;
  }

  #write(row: number, period: PricePeriod, seen: Seen): void {
    const charge = this.#charge;
    chargeOf(period, this.#usage, charge);
    this.#written ??= writtenColumns(this.#batch);
    const { cost, inputCost, outputCost, priceVersion, priceTier } = this.#written;
    cost.set(row, charge.total);
    inputCost.set(row, charge.input);
    outputCost.set(row, charge.output);
    if (charge.tier !== seen.tier) this.#findTokens(seen, charge.tier, period);
    priceVersion.setIndex(row, seen.version);
    if (seen.label >= 0) priceTier.setIndex(row, seen.label);
  }

  #findTokens(seen: Seen, tier: PriceTier, { source }: PricePeriod): void {
    const { tokens } = this.#batch;
    seen.tier = tier;
    seen.version = tokens.internText(source.version);
    seen.label = tier.label === "" ? -1 : tokens.internText(tier.label);
  }
}

function writtenColumns(batch: SpanBatch): WrittenColumns {
  return {
    cost: batch.deriveColumn("Cost"),
    inputCost: batch.deriveColumn("InputCost"),
    outputCost: batch.deriveColumn("OutputCost"),
    priceVersion: batch.deriveColumn("PriceVersion"),
    priceTier: batch.deriveColumn("PriceTier"),
  };
}

function valueAt(column: NumberColumn | undefined, row: number): number {
  if (column === undefined) return Number.NaN;
  const { values } = column;
  return row < values.length ? values[row]! : Number.NaN;
}

/** Whether requests cost something and tokens do not, so that a span without tokens has a cost. */
function isPerRequest({ tiers: [{ prices }] }: PricePeriod): boolean {
  return prices.request > 0 && prices.input === 0 && prices.output === 0;
}
