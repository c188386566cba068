import { fnv32 } from "../helper/sampling/fnv.ts";
import {
  maxRandomness,
  minProbability,
  neverThreshold,
  probabilityOf,
  randomnessText,
  thresholdOf,
  thresholdText,
} from "../helper/sampling/threshold.ts";
import type { SamplingInfo } from "../helper/sampling/trace-state.ts";
import type { ProbabilisticSamplerConfig } from "./config.ts";

/** The hash decides by 14 bits. */
const buckets = 0x4000;

/** Where randomness came from, as metrics call it. */
export type RandomnessSource =
  | "trace_id_hash"
  | "trace_id_w3c"
  | "sampling_randomness"
  | "sampling_priority"
  | "missing_randomness"
  | (string & {});

/** What makes one item differ from another. */
export interface Randomness {
  readonly value: bigint;
  readonly source: RandomnessSource;
}

/** What becomes of an item. */
export interface Judgement {
  readonly keep: boolean;
  readonly source: RandomnessSource;
  /** Whether `info` was changed and is to be written back. */
  readonly write: boolean;
}

/** What a rule is asked about one item. */
export interface Question {
  /** What the item says of sampling; undefined: it cannot be read. */
  readonly info: SamplingInfo | undefined;
  /** Of the trace id or an attribute; undefined without either. */
  readonly derived: Randomness | undefined;
  /** A threshold in place of the rule's, that the item itself asks for. */
  readonly priority?: bigint | undefined;
}

/** How one sampler decides: the rules of the Collector's modes. */
export class SamplingRule {
  readonly kind: "hash" | "proportional" | "equalizing" | "never";
  /** Of an item that says nothing of sampling. */
  readonly threshold: bigint;
  readonly thresholdText: string;
  /** Hash of the seed, to go on from. */
  readonly #seedHash: number;
  readonly #config: ProbabilisticSamplerConfig;
  readonly #signal: "traces" | "logs";
  readonly #ratio: number;
  readonly #keptBuckets: number;

  constructor(config: ProbabilisticSamplerConfig, signal: "traces" | "logs") {
    this.#config = config;
    this.#signal = signal;
    const seed = new Uint8Array(4);
    new DataView(seed.buffer).setUint32(0, config.hash_seed, true);
    this.#seedHash = fnv32(seed, 0, 4);
    // The Collector holds the percentage in 32 bits.
    const percentage = Math.fround(Math.min(config.sampling_percentage, 100));
    this.#ratio = Math.max(percentage / 100, minProbability);
    const kept = Math.trunc(Math.fround(percentage * Math.fround(buckets / 100)));
    const kind = percentage === 0 ? "never" : kindOf(config);
    this.kind = kind === "hash" && kept === 0 ? "never" : kind;
    if (this.kind === "never") this.threshold = neverThreshold;
    else if (this.kind === "hash") this.threshold = BigInt(buckets - kept) << 42n;
    else this.threshold = thresholdOf(this.#ratio, config.sampling_precision);
    this.thresholdText = thresholdText(this.threshold);
    this.#keptBuckets = kept;
  }

  /** The hash of the seed and a range of bytes; its low 14 bits decide in the mode `hash_seed`. */
  hash(bytes: Uint8Array, start: number, length: number): number {
    return fnv32(bytes, start, length, this.#seedHash);
  }

  /** Whether the mode `hash_seed` keeps what has a hash. */
  keepsHash(hash: number): boolean {
    return (hash & (buckets - 1)) < this.#keptBuckets;
  }

  /** Decides, and changes `question.info` to what the item is to say of sampling from now on. */
  judge({ info, derived, priority }: Question): Judgement {
    let randomness = derived;
    let failed = info === undefined;
    let write = info !== undefined;
    if (this.kind === "never") randomness = { value: maxRandomness, source: "sampling_priority" };
    else if (this.kind === "hash") {
      if (info?.randomness !== undefined || info?.threshold !== undefined) {
        failed = true;
        write = false;
      } else if (info !== undefined && this.threshold > 0n && (derived !== undefined || this.#signal === "traces")) {
        setRandomness(info, derived?.value);
      }
      // What is kept for certain says nothing that is not true without it.
      if (this.threshold === 0n) write = false;
    } else if (info === undefined) randomness = undefined;
    else if (info.randomness !== undefined) randomness = { value: info.randomness, source: "sampling_randomness" };
    if (randomness === undefined) failed = true;
    const value = randomness?.value ?? maxRandomness;
    if (!failed && info?.threshold !== undefined && info.threshold > value) {
      // Such an item should not have arrived.
      setThreshold(info, undefined);
      failed = true;
    }
    let threshold = failed ? (this.#config.fail_closed ? neverThreshold : 0n) : this.#decide(info?.threshold);
    if (priority !== undefined) threshold = priority;
    const keep = threshold <= value;
    if (keep && write && info !== undefined && (info.threshold ?? 0n) <= threshold) setThreshold(info, threshold);
    return {
      keep,
      source: priority === undefined ? (randomness?.source ?? "missing_randomness") : "sampling_priority",
      write: keep && write,
    };
  }

  #decide(incoming: bigint | undefined): bigint {
    if (incoming === undefined || this.kind === "hash" || this.kind === "never") return this.threshold;
    if (this.kind === "equalizing") return incoming > this.threshold ? incoming : this.threshold;
    const probability = probabilityOf(incoming) * this.#ratio;
    return probability < minProbability ? neverThreshold : thresholdOf(probability, this.#config.sampling_precision);
  }
}

function kindOf({ mode }: ProbabilisticSamplerConfig): "hash" | "proportional" | "equalizing" {
  return mode === "proportional" || mode === "equalizing" ? mode : "hash";
}

function setThreshold(info: SamplingInfo, threshold: bigint | undefined): void {
  info.threshold = threshold;
  info.thresholdText = threshold === undefined ? "" : thresholdText(threshold);
}

function setRandomness(info: SamplingInfo, randomness = maxRandomness): void {
  info.randomness = randomness;
  info.randomnessText = randomnessText(randomness);
}

/** High 24 and low 32 bits of the randomness that the mode `hash_seed` makes of a hash. */
export function hashRandomness(hash: number): readonly [high: number, low: number] {
  const bucket = hash & (buckets - 1);
  const unused = hash >>> 18;
  // 14 bits that decide, 28 bits of those that do not, and the bucket again: the bits the Collector writes.
  const mixed = (unused ^ (unused << 10)) & 0xfffffff;
  return [((buckets - 1 - bucket) << 10) | (mixed >>> 18), (((mixed & 0x3ffff) << 14) | bucket) >>> 0];
}

/** The randomness of `hashRandomness` in one number. */
export function hashRandomnessValue(hash: number): bigint {
  const [high, low] = hashRandomness(hash);
  return (BigInt(high) << 32n) | BigInt(low);
}
