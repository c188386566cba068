import { decodeTracesJson } from "../../otlp/decode-json.ts";
import { defaultDecodeLimits } from "../../otlp/decode-limits.ts";
import { genaiConfigSchema } from "./config.ts";
import { createMapper } from "./create-mapper.ts";
import type { Dialect, Source } from "./dialect.ts";
import { semconv } from "./dialects/semconv.ts";
import type { Mapper } from "./mapper.ts";

/*
 * OpenTelemetry's own instrumentations send messages as events that are no part of the span: as log records that name it. Here
 * such events are read as if the span had them, by the rules of the dialect that says how.
 */

/** An event of a span that was sent apart from it. */
export interface OutsideEvent {
  readonly name: string;
  /** Lists and objects as JSON. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Input and output as in columns of these names; "" for none. */
export interface EventDocuments {
  readonly input: string;
  readonly output: string;
}

const targets: ReadonlySet<string> = new Set(["Input", "Output"]);

/** Names of the events that messages may stand in. */
export const messageEventNames: readonly string[] = namesIn(semconv);

function namesIn({ rules, system = [] }: Dialect): readonly string[] {
  const sources = [...rules.filter(({ target }) => targets.has(target)).flatMap((rule) => rule.sources), ...system];
  return [...new Set(sources.flatMap(namesOf))];
}

function namesOf(source: Source): readonly string[] {
  if (typeof source === "string") return [];
  if ("messageEvents" in source) return source.messageEvents;
  return "event" in source ? [source.event] : [];
}

/** An attribute by which a span is of the dialect, and which says nothing of its messages. */
const sign = { key: "gen_ai.operation.name", value: { stringValue: "chat" } };
const ids = { traceId: "1".padStart(32, "0"), spanId: "1".padStart(16, "0") };
const silent = { mapped: () => {}, pendingDropped: () => {}, refused: () => {} };

/** Makes the documents of spans from events that were sent apart. Bounds are the defaults of the processor `genai`. */
export class OutsideEvents {
  readonly #mapper: Mapper;

  constructor() {
    const config = genaiConfigSchema.parse({ repeated_usage: { remember_spans: 0 } });
    this.#mapper = createMapper(config, silent, [], [semconv]);
  }

  /** @param spans of each span its events, in their order; at least one span */
  documents(spans: readonly (readonly OutsideEvent[])[]): readonly EventDocuments[] {
    const request = { resourceSpans: [{ scopeSpans: [{ spans: spans.map(spanOf) }] }] };
    const mostEvents = Math.max(...spans.map(({ length }) => length));
    const limits = { ...defaultDecodeLimits, maxEventsPerSpan: mostEvents };
    const { batch } = decodeTracesJson(Buffer.from(JSON.stringify(request)), limits);
    this.#mapper.map(batch);
    return spans.map((_, row) => ({
      input: batch.getDerived("Input", row) ?? "",
      output: batch.getDerived("Output", row) ?? "",
    }));
  }
}

function spanOf(events: readonly OutsideEvent[]): object {
  const ofSpan = events.map(({ name, attributes }) => ({
    name,
    attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: { stringValue: value } })),
  }));
  return { ...ids, attributes: [sign], events: ofSpan };
}
