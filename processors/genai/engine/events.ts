import type { SpanFacts } from "./span-facts.ts";

/**
 * Takes the attribute of the last event of that name which has it; says whether there is one. Some emitters send an event
 * for the input and another of the same name for the output.
 */
export function loadLastEvent(facts: SpanFacts, name: string, key: string): boolean {
  const { batch, row } = facts;
  const wanted = batch.names.find(name);
  if (wanted < 0) return false;
  for (let event = batch.eventEnd[row]! - 1; event >= batch.eventStart[row]!; event--) {
    if (batch.events.nameIndex[event] === wanted && loadEventAttribute(facts, event, key)) return true;
  }
  return false;
}

/** The first event of the span with that name, or -1. */
export function firstEvent(facts: SpanFacts, name: string): number {
  const { batch, row } = facts;
  const wanted = batch.names.find(name);
  if (wanted < 0) return -1;
  for (let event = batch.eventStart[row]!; event < batch.eventEnd[row]!; event++) {
    if (batch.events.nameIndex[event] === wanted) return event;
  }
  return -1;
}

/** Takes an attribute of an event; says whether it has it. */
function loadEventAttribute(facts: SpanFacts, event: number, key: string): boolean {
  const { events, eventAttributes } = facts.batch;
  return facts.loadKey(eventAttributes, events.attributeStart[event]!, events.attributeEnd[event]!, key);
}

/** Nanoseconds from the start of the span to a time; both are two words, low half first. */
export function nanosSinceStart(facts: SpanFacts, times: Uint32Array, index: number): number {
  const { startTimeUnixNano } = facts.batch;
  const high = times[2 * index + 1]! - startTimeUnixNano[2 * facts.row + 1]!;
  return high * 0x100000000 + (times[2 * index]! - startTimeUnixNano[2 * facts.row]!);
}
