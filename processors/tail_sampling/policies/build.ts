import type { Clock } from "../../../exporters/helper/clock.ts";
import type { SpanSignal } from "../../../pipeline/span-batch/side-tables.ts";
import { eventConditions, spanConditions } from "../../helper/ottl/condition.ts";
import { Pattern } from "../../helper/pattern.ts";
import type { AnyPolicyConfig, LeafConfig } from "../policy-config.ts";
import {
  attributePredicate,
  booleanTest,
  errorTypePredicate,
  exactTextTest,
  flagsPredicate,
  numberTest,
  type SpanPredicate,
  signalPredicate,
  statusPredicate,
  textTest,
  traceStatePredicate,
} from "../predicates.ts";
import type { TraceTable } from "../trace-table.ts";
import { CompositePolicy } from "./composite.ts";
import { LimitPolicy, TokenBucket } from "./limit.ts";
import { allOf, certain, factual, type Policy } from "./policy.ts";
import { ProbabilisticPolicy } from "./probabilistic.ts";
import { SessionPolicy } from "./session.ts";

const statusCodes: Readonly<Record<string, number>> = { UNSET: 0, OK: 1, ERROR: 2 };
const defaultRemembered = 128;

/** Makes policies, and gathers what they ask of single spans. */
export class PolicyBuilder {
  /** What policies ask of single spans; the bit of each is its index. */
  readonly predicates: SpanPredicate[] = [];
  /** Policies that want to know which traces were kept. */
  readonly sessions: SessionPolicy[] = [];
  readonly #clock: Clock;
  readonly #maxMatchLength: number;

  constructor(clock: Clock, maxMatchLength: number) {
    this.#clock = clock;
    this.#maxMatchLength = maxMatchLength;
  }

  /** The policy of a configuration, whose schema has made sure that the block of its type is there. */
  build(config: AnyPolicyConfig): Policy {
    switch (config.type) {
      case "and":
        return this.#all(("and" in config ? config.and : undefined)!.and_sub_policy);
      case "drop":
        return this.#all(("drop" in config ? config.drop : undefined)!.drop_sub_policy);
      case "not":
        return not(this.build(("not" in config ? config.not : undefined)!.not_sub_policy));
      case "composite":
        return new CompositePolicy(
          ("composite" in config ? config.composite : undefined)!,
          (part) => this.build(part),
          this.#clock,
        );
      default:
        return this.#leaf(config as LeafConfig);
    }
  }

  #leaf(config: LeafConfig): Policy {
    switch (config.type) {
      case "always_sample":
        return factual(() => true);
      case "latency":
        return latency(config.latency!);
      case "probabilistic":
        return new ProbabilisticPolicy(config.probabilistic!);
      case "span_count": {
        const { min_spans, max_spans } = config.span_count!;
        return factual((slot, { spans }) => inBounds(spans[slot]!, min_spans, max_spans || undefined));
      }
      case "cost": {
        const { min_usd, max_usd } = config.cost!;
        return factual((slot, { cost }) => cost[slot]! > 0 && inBounds(cost[slot]!, min_usd, max_usd));
      }
      case "tokens":
        return tokens(config.tokens!);
      case "rate_limiting": {
        const { spans_per_second, burst_capacity } = config.rate_limiting!;
        return this.#limit(spans_per_second, burst_capacity, (slot, { spans }) => spans[slot]!);
      }
      case "bytes_limiting": {
        const { bytes_per_second, burst_capacity } = config.bytes_limiting!;
        return this.#limit(bytes_per_second, burst_capacity, (slot, { bytes }) => bytes[slot]!);
      }
      case "session": {
        const policy = new SessionPolicy(config.session!);
        this.sessions.push(policy);
        return policy;
      }
      default:
        return this.#spanLeaf(config);
    }
  }

  /** Policies that ask something of single spans. */
  #spanLeaf(config: LeafConfig): Policy {
    switch (config.type) {
      case "numeric_attribute": {
        const { key, min_value, max_value, invert_match } = config.numeric_attribute!;
        const test = numberTest(min_value || Number.NEGATIVE_INFINITY, max_value || Number.POSITIVE_INFINITY);
        return this.#any(attributePredicate(key, test), invert_match);
      }
      case "boolean_attribute": {
        const { key, value, invert_match } = config.boolean_attribute!;
        // Inverted, the Collector asks for the other value, and keeps what lacks the attribute.
        return this.#any(attributePredicate(key, booleanTest(value)), invert_match);
      }
      case "string_attribute":
        return this.#stringAttribute(config.string_attribute!);
      case "status_code": {
        const codes = config.status_code!.status_codes.map((name) => statusCodes[name]!);
        return this.#any(statusPredicate(codes), false);
      }
      case "trace_state":
        return this.#any(traceStatePredicate(config.trace_state!.key, config.trace_state!.values), false);
      case "trace_flags":
        return this.#any(flagsPredicate(), false);
      case "error_type": {
        const { values, enabled_regex_matching } = config.error_type!;
        const matches = enabled_regex_matching ? this.#patterns(values, 0) : (type: string) => values.includes(type);
        return this.#any(errorTypePredicate(values.length === 0 ? (type) => type !== "" : matches), false);
      }
      case "signal":
        return this.#any(signalPredicate(signalTest(config.signal!)), false);
      case "ottl_condition": {
        const { span, spanevent } = config.ottl_condition!;
        const tests = [spanConditions(span, this.#maxMatchLength), eventConditions(spanevent, this.#maxMatchLength)];
        return this.#any((batch) => {
          const ofBatch = tests.map((prepare) => prepare(batch)).filter((test) => test !== undefined);
          return ofBatch.length === 0 ? undefined : (row) => ofBatch.some((test) => test(row));
        }, false);
      }
      default:
        throw new Error(`tail_sampling: policy type ${config.type} has no meaning`);
    }
  }

  #stringAttribute(config: NonNullable<LeafConfig["string_attribute"]>): Policy {
    const { key, values, enabled_regex_matching, cache_max_size, invert_match } = config;
    if (!enabled_regex_matching) return this.#any(attributePredicate(key, exactTextTest(values)), invert_match);
    const matches = this.#patterns(values, cache_max_size);
    return this.#any(attributePredicate(key, textTest(matches, false), textTest(matches, true)), invert_match);
  }

  /** Whether any of the patterns is found in a text; remembers the answers for the texts seen last. */
  #patterns(texts: readonly string[], remembered: number): (text: string) => boolean {
    const patterns = texts.map((text) => new Pattern(text, this.#maxMatchLength));
    const answers = new Map<string, boolean>();
    const limit = remembered || defaultRemembered;
    return (text) => {
      const known = answers.get(text);
      if (known !== undefined) return known;
      const answer = patterns.some((pattern) => pattern.matches(text));
      if (answers.size >= limit) answers.delete(answers.keys().next().value!);
      answers.set(text, answer);
      return answer;
    };
  }

  /** Keeps traces of which any span matches, or none when inverted. */
  #any(predicate: SpanPredicate, isInverted: boolean): Policy {
    const bit = this.predicates.push(predicate) - 1;
    return factual((slot, traces) => traces.bit(slot, bit) !== isInverted);
  }

  #limit(perSecond: number, burst: number, sizeOf: (slot: number, traces: TraceTable) => number): Policy {
    return new LimitPolicy(new TokenBucket(perSecond, burst || 2 * perSecond, this.#clock), sizeOf);
  }

  #all(configs: readonly AnyPolicyConfig[]): Policy {
    const parts = configs.map((config) => this.build(config));
    return {
      keeps: (slot, traces) => parts.every((part) => part.keeps(slot, traces)),
      chance: (slot, traces) => allOf(parts.map((part) => part.chance(slot, traces))),
      loss: Math.max(...parts.map(({ loss }) => loss)),
      begin: () => {
        for (const part of parts) part.begin?.();
      },
    };
  }
}

function not(policy: Policy): Policy {
  return {
    keeps: (slot, traces) => !policy.keeps(slot, traces),
    chance: (slot, traces) => {
      const { probability, source } = policy.chance(slot, traces);
      // Its own source: what is left of a hash's range is kept together with nothing else of that hash.
      return probability === 0 ? certain : { probability: 1 - probability, source: `not ${source}` };
    },
    loss: 0,
    begin: () => policy.begin?.(),
  };
}

function inBounds(value: number, min: number, max: number | undefined): boolean {
  return value >= min && (max === undefined || value <= max);
}

function latency({ threshold_ms, upper_threshold_ms }: NonNullable<LeafConfig["latency"]>): Policy {
  return factual((slot, traces) => {
    const ms = Math.floor(traces.durationNanos(slot) / 1e6);
    return ms > threshold_ms && (upper_threshold_ms === 0 || ms <= upper_threshold_ms);
  });
}

function tokens({ kind, min, max }: NonNullable<LeafConfig["tokens"]>): Policy {
  const column = { total: "totalTokens", input: "inputTokens", output: "outputTokens" } as const;
  return factual((slot, traces) => {
    const sum = traces[column[kind]][slot]!;
    return sum > 0 && inBounds(sum, min, max);
  });
}

function signalTest(config: NonNullable<LeafConfig["signal"]>): (signal: SpanSignal) => boolean {
  const { name, entity, values, min, max } = config;
  return (signal) => {
    if (signal.name !== name || (entity !== undefined && signal.entity !== entity)) return false;
    if (values.length > 0 && !values.includes(signal.value)) return false;
    if (min === undefined && max === undefined) return true;
    return typeof signal.value === "number" && inBounds(signal.value, min ?? Number.NEGATIVE_INFINITY, max);
  };
}
