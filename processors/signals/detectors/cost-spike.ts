import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { NumberSource } from "../sources/number-source.ts";
import { DerivedNumber } from "../sources/number-source.ts";
import { DerivedWord } from "../sources/word-source.ts";
import { type Detector, type Finding, noFindings } from "./detector.ts";

export interface CostSpikeLimits {
  /** US dollars from which any call is a spike. */
  readonly threshold: number | undefined;
  /** Times the mean of the model's calls from which a call is a spike. */
  readonly factor: number | undefined;
  /** Calls of a model before its mean counts. */
  readonly minSamples: number;
  /** US dollars below which the mean is not asked. */
  readonly minCost: number;
  readonly maxModels: number;
}

interface Mean {
  calls: number;
  mean: number;
}

/** Calls that the mean remembers, about: it follows prices and habits that change. */
const memory = 1_000;

/** Calls that cost much, or much more than others of the same model. */
export class CostSpike implements Detector {
  readonly #limits: CostSpikeLimits;
  readonly #cost: NumberSource = new DerivedNumber("Cost");
  readonly #responseModel = new DerivedWord("ResponseModel");
  readonly #requestModel = new DerivedWord("RequestModel");
  /** By model, in the order in which they were first seen; the first goes when there are too many. */
  readonly #means = new Map<string, Mean>();
  /** Of the batch: by number of the model + 1, 0 for none. */
  readonly #ofIndex: (Mean | undefined)[] = [];

  constructor(limits: CostSpikeLimits) {
    this.#limits = limits;
  }

  bind(batch: SpanBatch): void {
    this.#cost.bind(batch);
    this.#responseModel.bind(batch);
    this.#requestModel.bind(batch);
    this.#ofIndex.length = 0;
  }

  find(row: number): readonly Finding[] {
    const cost = this.#cost.at(row);
    const { threshold, factor } = this.#limits;
    const isDear = threshold !== undefined && cost >= threshold;
    const isUnusual = factor !== undefined && this.#isUnusual(row, cost, factor);
    return isDear || isUnusual ? [{ name: "cost_spike", value: cost }] : noFindings;
  }

  /** Also enters the cost into the mean, cut to what is usual: spikes must not become the usual. */
  #isUnusual(row: number, cost: number, factor: number): boolean {
    if (Number.isNaN(cost)) return false;
    const index = this.#indexAt(row);
    this.#ofIndex[index + 1] ??= this.#entryOf(index < 0 ? "" : this.#requestModel.valueOf(index));
    const entry = this.#ofIndex[index + 1]!;
    const limit = entry.mean * factor;
    const isKnown = entry.calls >= this.#limits.minSamples;
    const isUnusual = isKnown && cost >= limit && cost >= this.#limits.minCost;
    entry.calls++;
    entry.mean += ((isKnown ? Math.min(cost, limit) : cost) - entry.mean) / Math.min(entry.calls, memory);
    return isUnusual;
  }

  #entryOf(model: string): Mean {
    const known = this.#means.get(model);
    if (known !== undefined) return known;
    if (this.#means.size >= this.#limits.maxModels) this.#means.delete(this.#means.keys().next().value!);
    const entry = { calls: 0, mean: 0 };
    this.#means.set(model, entry);
    return entry;
  }

  /** The model that answered, else the one that was asked; both columns number texts alike. */
  #indexAt(row: number): number {
    const response = this.#responseModel.indexAt(row);
    return response >= 0 ? response : this.#requestModel.indexAt(row);
  }
}
