import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import type { IndexedShape, Source } from "../dialect.ts";
import type { ArenaRange, MessageReader } from "../message-reader.ts";
import type { Shape } from "./condition.ts";
import { firstEvent, loadLastEvent, nanosSinceStart } from "./events.ts";
import type { JsonPathReader } from "./json-path.ts";
import { type EachPair, jsonObjectOf, pairsOf, type TakePair } from "./pairs.ts";
import { SignatureMemo } from "./signature.ts";
import type { SpanFacts } from "./span-facts.ts";
import type { SymbolTable } from "./symbol-table.ts";

/**
 * Looks for the value of a source. True: it is the value found. False: there is none; `facts.problem` says why, where
 * something stood there that could not be read.
 */
export type Locate = (facts: SpanFacts) => boolean;

/** What reading a source may need. */
export interface Readers {
  readonly symbols: SymbolTable;
  readonly json: JsonPathReader;
  readonly messages: MessageReader;
  /** Objects that were written, by source: plans share them. */
  readonly objects: Map<Source, SignatureMemo<ArenaRange>>;
}

/** Makes the reader of a source for spans of a shape; undefined when such spans cannot have it. */
export function locatorOf(source: Source, shape: Shape, readers: Readers): Locate | undefined {
  if (typeof source === "string") return attributeLocator(source, shape);
  if ("event" in source) return shape.hasEvents ? eventLocator(source, readers) : undefined;
  if ("messageEvents" in source) {
    return shape.hasEvents ? messageEventsLocator(source.messageEvents, readers) : undefined;
  }
  if ("attribute" in source) {
    const locate = attributeLocator(source.attribute, shape);
    if (locate === undefined) return undefined;
    const { path, sum } = source;
    if (path !== undefined && sum !== undefined) return (facts) => locate(facts) && readers.json.sum(facts, path, sum);
    if (path !== undefined) return pathLocator(locate, path, readers);
    return partLocator(locate, source.after, source.until);
  }
  if ("indexed" in source) return indexedLocator(source, shape, readers);
  if ("resource" in source) {
    return shape.hasResource(source.resource) ? (facts) => facts.loadResource(source.resource) : undefined;
  }
  if ("scope" in source) return scopeLocator(source.scope);
  if ("constant" in source) return textLocator(source.constant);
  if ("spanName" in source) {
    const match = Object.entries(source.spanName).find(([pattern]) => shape.matchesName(pattern));
    return match && textLocator(match[1]);
  }
  return objectLocator(source, shape, readers);
}

function attributeLocator(key: string, shape: Shape): Locate | undefined {
  const symbol = shape.symbolOf(key);
  return symbol < 0 ? undefined : (facts) => facts.loadSymbol(symbol);
}

function pathLocator(locate: Locate, path: readonly (string | number)[], { json }: Readers): Locate {
  return (facts) => locate(facts) && json.find(facts, path);
}

/** The part of a text behind `after`, or before `until`. */
function partLocator(locate: Locate, after: string | undefined, until: string | undefined): Locate {
  const separator = after ?? until;
  if (separator === undefined) return locate;
  const bytes = Buffer.from(separator);
  return (facts) => {
    if (!locate(facts) || facts.type !== ValueType.STRING) return false;
    const start = facts.word0;
    const length = facts.word1;
    const at = Buffer.from(facts.batch.arena.bytes.buffer, facts.batch.arena.bytes.byteOffset + start, length).indexOf(
      bytes,
    );
    if (at < 0) return false;
    const skipped = after === undefined ? 0 : at + bytes.length;
    facts.setRange(start + skipped, after === undefined ? at : length - skipped);
    return true;
  };
}

function eventLocator(source: Extract<Source, { event: string }>, { json }: Readers): Locate {
  const { event: name, attribute, path } = source;
  if (attribute === undefined) {
    return (facts) => {
      const event = firstEvent(facts, name);
      if (event < 0) return false;
      facts.setNumber(nanosSinceStart(facts, facts.batch.events.timeUnixNano, event));
      return true;
    };
  }
  const locate: Locate = (facts) => loadLastEvent(facts, name, attribute);
  return path === undefined ? locate : (facts) => locate(facts) && json.find(facts, path);
}

function messageEventsLocator(names: readonly string[], { messages }: Readers): Locate {
  return (facts) => {
    const range = messages.fromEvents(facts.batch, facts.row, names);
    if (range === undefined) return false;
    facts.setRange(range.start, range.length);
    return true;
  };
}

function indexedLocator(
  { indexed, shape: form }: { indexed: string; shape: IndexedShape },
  shape: Shape,
  { symbols, messages }: Readers,
): Locate | undefined {
  if (shape.symbolsWith(indexed).length === 0) return undefined;
  const prefixLength = Buffer.byteLength(indexed);
  const ofPrefix = symbols.withPrefix(indexed);
  const entries: number[] = [];
  return (facts) => {
    symbols.entriesWith(facts, ofPrefix, entries);
    const range = messages.indexed(facts.batch, entries, prefixLength, form);
    if (range === undefined) return false;
    facts.setRange(range.start, range.length);
    return true;
  };
}

function scopeLocator(key: string): Locate {
  return (facts) => {
    const { scopes, scopeIndex, resourceAttributes } = facts.batch;
    const scope = scopes[scopeIndex[facts.row]!]!;
    if (key === "name") facts.setRange(scope.nameStart, scope.nameLength);
    else if (key === "version") facts.setRange(scope.versionStart, scope.versionLength);
    else return facts.loadKey(resourceAttributes, scope.attributeStart, scope.attributeEnd, key);
    return true;
  };
}

/** The text is written into the arena once a batch. */
function textLocator(text: string): Locate {
  let serial = 0;
  let start = 0;
  let length = 0;
  return (facts) => {
    if (serial !== facts.batchSerial) {
      facts.setText(text);
      serial = facts.batchSerial;
      start = facts.word0;
      length = facts.word1;
    }
    facts.setRange(start, length);
    return true;
  };
}

function objectLocator(source: Source, shape: Shape, { symbols, objects }: Readers): Locate | undefined {
  const each = pairsOf(source, shape, symbols);
  return each === undefined ? undefined : objectReader(each, objectMemo(source, objects));
}

/** Spans of one place in a program have the same parameters: each object is written once a batch. */
function objectReader(each: EachPair, memo: SignatureMemo<ArenaRange>): Locate {
  let current: SpanFacts | undefined;
  // Made once, not for every span.
  const sign: TakePair = (_name, id) => memo.add(current!, id);
  return (facts) => {
    memo.begin();
    current = facts;
    each(facts, sign);
    const known = memo.find(facts);
    if (known !== undefined) {
      facts.setRange(known.start, known.length);
      return true;
    }
    const json = jsonObjectOf(facts, each);
    if (json === undefined) return false;
    facts.setText(json);
    memo.keep(facts, { start: facts.word0, length: facts.word1 });
    return true;
  };
}

function objectMemo(source: Source, objects: Readers["objects"]): SignatureMemo<ArenaRange> {
  let memo = objects.get(source);
  if (memo === undefined) {
    memo = new SignatureMemo();
    objects.set(source, memo);
  }
  return memo;
}
