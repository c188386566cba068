import { minProbability, parseRandomness, parseThreshold, thresholdOf } from "../helper/sampling/threshold.ts";
import { emptyInfo, type SamplingInfo } from "../helper/sampling/trace-state.ts";
import type { ProbabilisticSamplerConfig } from "./config.ts";
import type { SamplerInstruments } from "./instruments.ts";
import { hashRandomnessValue, type Randomness, type SamplingRule } from "./rule.ts";

/** The value of an attribute in OTLP/JSON. */
interface AnyValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number | string;
  readonly bytesValue?: string;
}

/** A log record in OTLP/JSON. */
export interface LogRecord {
  readonly traceId?: string;
  attributes?: { readonly key?: string; value?: AnyValue }[];
}

const thresholdKey = "sampling.threshold";
const randomnessKey = "sampling.randomness";

/** Decides on log records, and writes threshold and randomness into the attributes of those that are kept. */
export class RecordSampler {
  readonly #config: ProbabilisticSamplerConfig;
  readonly #rule: SamplingRule;
  readonly #instruments: SamplerInstruments;

  constructor(config: ProbabilisticSamplerConfig, rule: SamplingRule, instruments: SamplerInstruments) {
    this.#config = config;
    this.#rule = rule;
    this.#instruments = instruments;
  }

  keeps(record: LogRecord): boolean {
    const info = readInfo(record);
    const question = { info, derived: this.#derived(record), priority: this.#priority(record) };
    const { keep, source, write } = this.#rule.judge(question);
    this.#instruments.count(source, keep ? 1 : 0, keep ? 0 : 1);
    if (write && info !== undefined) {
      setText(record, randomnessKey, info.randomnessText);
      setText(record, thresholdKey, info.thresholdText);
    }
    return keep;
  }

  #derived(record: LogRecord): Randomness | undefined {
    const traceId = record.traceId !== undefined && /[1-9a-f]/.test(record.traceId) ? record.traceId : undefined;
    if (this.#rule.kind !== "hash") {
      if (traceId === undefined) return undefined;
      return { value: BigInt(`0x${traceId.slice(-14)}`), source: "trace_id_w3c" };
    }
    const { attribute_source, from_attribute } = this.#config;
    if (attribute_source === "traceID" && traceId !== undefined) {
      return this.#hashed(Buffer.from(traceId, "hex"), "trace_id_hash");
    }
    const value = from_attribute === "" ? undefined : attributeOf(record, from_attribute);
    const bytes = value === undefined ? Buffer.alloc(0) : bytesOf(value);
    return bytes.length === 0 ? undefined : this.#hashed(bytes, from_attribute);
  }

  #hashed(bytes: Buffer, source: string): Randomness {
    return { value: hashRandomnessValue(this.#rule.hash(bytes, 0, bytes.length)), source };
  }

  /** The threshold of the percentage that the record asks for. */
  #priority(record: LogRecord): bigint | undefined {
    const { sampling_priority, sampling_precision } = this.#config;
    const value = sampling_priority === "" ? undefined : attributeOf(record, sampling_priority);
    const probability = Number(value?.intValue ?? value?.doubleValue) / 100;
    if (!(probability >= minProbability && probability <= 1)) return undefined;
    return thresholdOf(probability, sampling_precision);
  }
}

function attributeOf(record: LogRecord, key: string): AnyValue | undefined {
  return record.attributes?.find((attribute) => attribute.key === key)?.value;
}

function setText(record: LogRecord, key: string, text: string): void {
  const attributes = (record.attributes ?? []).filter((attribute) => attribute.key !== key);
  if (text !== "") attributes.push({ key, value: { stringValue: text } });
  record.attributes = attributes;
}

/** What the record says of sampling; undefined when that cannot be read. */
function readInfo(record: LogRecord): SamplingInfo | undefined {
  const info = emptyInfo();
  info.thresholdText = attributeOf(record, thresholdKey)?.stringValue ?? "";
  info.randomnessText = attributeOf(record, randomnessKey)?.stringValue ?? "";
  if (info.thresholdText !== "") info.threshold = parseThreshold(info.thresholdText);
  if (info.randomnessText !== "") info.randomness = parseRandomness(info.randomnessText);
  const isReadable =
    (info.thresholdText === "") === (info.threshold === undefined) &&
    (info.randomnessText === "") === (info.randomness === undefined);
  return isReadable ? info : undefined;
}

/** The bytes that are hashed: of bytes themselves, of anything else its text. */
function bytesOf(value: AnyValue): Buffer {
  if (value.bytesValue !== undefined) return Buffer.from(value.bytesValue, "base64");
  const scalar = value.stringValue ?? value.intValue ?? value.doubleValue ?? value.boolValue;
  return Buffer.from(scalar === undefined ? JSON.stringify(value) : String(scalar));
}
