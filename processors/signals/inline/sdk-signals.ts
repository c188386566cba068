import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { type AttributeValue, readValue } from "../../../pipeline/span-batch/value.ts";
import type { SignalMaker, SignalSink } from "../signal-sink.ts";
import type { Tree } from "../text/json-path.ts";
import { inlineSignal, problemOf } from "./normalise.ts";
import { warnOfSignal } from "./warnings.ts";

/** Attributes that hold an object of signals, as a map or as JSON text. */
const keys = ["signals", "zeroeval.signals"];

/** Takes the signals that ZeroEval's SDKs put on spans. */
export class SdkSignals {
  readonly #maker: SignalMaker = { id: "sdk", source: "sdk", made: 0 };
  readonly #maxBytes: number;

  /** @param maxBytes of JSON text that is read */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  apply(batch: SpanBatch, sink: SignalSink): void {
    for (const key of keys) {
      const keyIndex = batch.attributes.keys.find(key);
      if (keyIndex < 0) continue;
      for (let row = 0; row < batch.length; row++) {
        if (batch.isDropped(row)) continue;
        const entry = batch.attributes.find(batch.attributeStart[row]!, batch.attributeEnd[row]!, keyIndex);
        if (entry >= 0) this.#take(batch, row, entry, key, sink);
      }
    }
  }

  #take(batch: SpanBatch, row: number, entry: number, key: string, sink: SignalSink): void {
    const { types, words } = batch.attributes;
    if (words[2 * entry + 1]! > this.#maxBytes) {
      warnOfSignal(batch, row, key, `is larger than ${this.#maxBytes} bytes`);
      return;
    }
    const value = readValue(batch.arena, types[entry]!, words[2 * entry]!, words[2 * entry + 1]!);
    const entries = entriesOf(value);
    if (entries === undefined) {
      warnOfSignal(batch, row, key, "must be an object of names and values");
      return;
    }
    for (const [name, item] of entries) {
      const signal = inlineSignal(name, item);
      if ("fault" in signal) warnOfSignal(batch, row, signal.name, problemOf(signal));
      else sink.push(row, "span", signal.name, signal.value, this.#maker);
    }
  }
}

/** Names and values of a map, or of JSON text that is an object; undefined for anything else. */
function entriesOf(value: AttributeValue): Iterable<readonly [string, Tree]> | undefined {
  if (value === null || value === "") return [];
  if (value instanceof Map) return value;
  if (typeof value !== "string") return undefined;
  try {
    const tree = JSON.parse(value) as Tree;
    const isObject = typeof tree === "object" && tree !== null && !Array.isArray(tree);
    return isObject ? Object.entries(tree as Record<string, Tree>) : undefined;
  } catch {
    // The caller warns of it as of anything else that is no object.
    return undefined;
  }
}
