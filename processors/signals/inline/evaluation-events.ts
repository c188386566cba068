import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { type AttributeValue, readValue } from "../../../pipeline/span-batch/value.ts";
import type { SignalMaker, SignalSink } from "../signal-sink.ts";
import { inlineSignal, problemOf } from "./normalise.ts";
import { warnOfSignal } from "./warnings.ts";

const eventName = "gen_ai.evaluation.result";

/**
 * Takes the results of evaluations that OpenTelemetry's instrumentations add to spans as events: the score as a numerical
 * signal, the label as a categorical one. Where an evaluation has both, the label's name is `<name>.label`.
 *
 * @see https://github.com/open-telemetry/semantic-conventions-genai
 */
export class EvaluationEvents {
  readonly #maker: SignalMaker = { id: "otel_evaluation", source: "otel_evaluation", made: 0 };

  apply(batch: SpanBatch, sink: SignalSink): void {
    const nameIndex = batch.events.length === 0 ? -1 : batch.names.find(eventName);
    if (nameIndex < 0) return;
    const read = attributeReader(batch);
    for (let row = 0; row < batch.length; row++) {
      if (batch.isDropped(row)) continue;
      for (let event = batch.eventStart[row]!; event < batch.eventEnd[row]!; event++) {
        if (batch.events.nameIndex[event] === nameIndex) this.#take(batch, row, event, read, sink);
      }
    }
  }

  #take(batch: SpanBatch, row: number, event: number, read: ReadAttribute, sink: SignalSink): void {
    const name = read(event, "gen_ai.evaluation.name") ?? "";
    const score = read(event, "gen_ai.evaluation.score.value");
    const label = read(event, "gen_ai.evaluation.score.label");
    if (typeof name !== "string") {
      warnOfSignal(batch, row, eventName, "gen_ai.evaluation.name must be a string");
      return;
    }
    if (score === undefined && label === undefined) {
      warnOfSignal(batch, row, name, `${eventName} has neither score nor label`);
      return;
    }
    const signals = [
      score === undefined
        ? undefined
        : inlineSignal(
            name,
            new Map([
              ["value", score],
              ["type", "numerical"],
            ]),
          ),
      label === undefined ? undefined : inlineSignal(score === undefined ? name : `${name}.label`, label),
    ];
    for (const signal of signals) {
      if (signal === undefined) continue;
      if ("fault" in signal) warnOfSignal(batch, row, signal.name, problemOf(signal));
      else sink.push(row, "span", signal.name, signal.value, this.#maker);
    }
  }
}

type ReadAttribute = (event: number, key: string) => AttributeValue | undefined;

function attributeReader(batch: SpanBatch): ReadAttribute {
  const { arena, events, eventAttributes: table } = batch;
  return (event, key) => {
    const keyIndex = table.keys.find(key);
    if (keyIndex < 0) return undefined;
    const entry = table.find(events.attributeStart[event]!, events.attributeEnd[event]!, keyIndex);
    if (entry < 0) return undefined;
    return readValue(arena, table.types[entry]!, table.words[2 * entry]!, table.words[2 * entry + 1]!) ?? undefined;
  };
}
