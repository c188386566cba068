import { SpanCursor } from "../../../../pipeline/span-batch/cursor.ts";
import type { SpanBatch } from "../../../../pipeline/span-batch/span-batch.ts";
import type { AttributeValue } from "../../../../pipeline/span-batch/value.ts";
import type { IndexedShape } from "../../../../processors/genai/dialect.ts";
import {
  type ArenaRange,
  MessageAssembler,
  type MessageLimits,
} from "../../../../processors/genai/messages/assembler.ts";
import { batchOfSpans } from "../../../support/batches.ts";

export const limits: MessageLimits = { maxMessages: 1000, maxBytes: 1 << 24 };

type Attributes = Record<string, AttributeValue>;

function entriesOf(batch: SpanBatch, prefix: string): number[] {
  const found: number[] = [];
  for (let entry = batch.attributeStart[0]!; entry < batch.attributeEnd[0]!; entry++) {
    if (batch.attributes.keys.text(batch.attributes.keyIndexes[entry]!).startsWith(prefix)) found.push(entry);
  }
  return found;
}

export function textOf(batch: SpanBatch, range: ArenaRange | undefined): string | undefined {
  return range === undefined ? undefined : batch.arena.text(range.start, range.length);
}

function parsed(batch: SpanBatch, range: ArenaRange | undefined): unknown {
  const text = textOf(batch, range);
  return text === undefined ? undefined : JSON.parse(text);
}

/** The document of numbered attributes, parsed. */
export function assembled(attributes: Attributes, prefix: string, shape: IndexedShape, bounds = limits): unknown {
  const batch = batchOfSpans([{ attributes }]);
  return parsed(batch, new MessageAssembler(bounds).indexed(batch, entriesOf(batch, prefix), prefix.length, shape));
}

/** A batch of one span with these events. */
function batchWithEvents(events: readonly (readonly [name: string, attributes: Attributes])[]): SpanBatch {
  const batch = batchOfSpans([{}]);
  batch.events.reserve(events.length);
  batch.eventStart[0] = 0;
  batch.events.length = batch.eventEnd[0] = events.length;
  events.forEach(([name], row) => {
    batch.events.nameIndex[row] = batch.names.internText(name);
  });
  const cursor = new SpanCursor(batch);
  cursor.events.forEach((event, row) => {
    for (const [key, value] of Object.entries(events[row]![1])) event.attributes.set(key, value);
  });
  return batch;
}

/** The document of a span's events, parsed. */
export function fromEvents(
  events: readonly (readonly [name: string, attributes: Attributes])[],
  names: readonly string[],
  bounds = limits,
): unknown {
  const batch = batchWithEvents(events);
  return parsed(batch, new MessageAssembler(bounds).fromEvents(batch, 0, names));
}

/** Puts texts into a batch and gives `use` their ranges. */
export function withTexts<T>(
  texts: readonly string[],
  use: (assembler: MessageAssembler, batch: SpanBatch, ranges: readonly ArenaRange[]) => T,
  bounds = limits,
): T {
  const batch = batchOfSpans([{}]);
  const ranges = texts.map((text) => {
    const start = batch.arena.appendText(text);
    return { start, length: batch.arena.length - start };
  });
  return use(new MessageAssembler(bounds), batch, ranges);
}
