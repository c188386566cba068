import { type AttributeTable, ValueType } from "../../pipeline/span-batch/attribute-table.ts";
import { type DerivedName, derivedColumns } from "../../pipeline/span-batch/derived.ts";
import { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { type AttributeValue, encodeValue } from "../../pipeline/span-batch/value.ts";

/** Numbers that look random and are the same for the same seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number in `[0, below)`. */
  int(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) % below;
  }

  chance(percent: number): boolean {
    return this.int(100) < percent;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)]!;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.int(256));
  }

  text(): string {
    return Array.from({ length: this.int(12) }, () =>
      this.pick(["a", "b", "/", "é", "語", "😀", '"', "\n", "\0"]),
    ).join("");
  }
}

const keys = ["http.route", "gen_ai.request.model", "user.id", "schlüssel", "", "k1", "k2", "k3", "k4", "k5"];

/** An attribute value of any type, nested at most `depth` levels. */
export function randomValue(random: Random, depth = 2): AttributeValue {
  switch (random.int(depth > 0 ? 10 : 8)) {
    case 0:
      return null;
    case 1:
      return random.chance(50);
    case 2:
      return random.int(1_000) - 500;
    case 3:
      return random.pick([2n ** 62n, -(2n ** 63n), 2n ** 53n]);
    case 4:
      return random.pick([0.5, -1.25e300, Number.POSITIVE_INFINITY, Number.MIN_VALUE]);
    case 5:
      return random.bytes(random.int(6));
    case 6:
    case 7:
      return random.text();
    case 8:
      return Array.from({ length: random.int(4) }, () => randomValue(random, depth - 1));
    default:
      return new Map(Array.from({ length: random.int(4) }, () => [random.text(), randomValue(random, depth - 1)]));
  }
}

export interface RandomBatchOptions {
  /** How many spans; random up to 40 when left out. */
  readonly spans?: number;
  /** Percent of spans dropped; 10 when left out. */
  readonly droppedPercent?: number;
  /** Percent of attribute entries deleted; 10 when left out. */
  readonly deletedPercent?: number;
}

/** A batch that uses every column: nested values, events, links, derived columns, dropped spans, deleted attributes. */
export function randomBatch(seed: number, options: RandomBatchOptions = {}): SpanBatch {
  const random = new Random(seed);
  const batch = new SpanBatch(undefined, 0, 0);
  batch.receivedTimeMs = 1_700_000_000_000 + seed;
  const deletedPercent = options.deletedPercent ?? 10;
  const resources = 1 + random.int(3);
  for (let i = 0; i < resources; i++) {
    batch.resources.push({
      ...pushAttributes(batch, batch.resourceAttributes, random, deletedPercent),
      ...common(batch, random),
    });
  }
  const scopes = 1 + random.int(3);
  for (let i = 0; i < scopes; i++) {
    const [nameStart, nameLength] = pushText(batch, random.text());
    const [versionStart, versionLength] = pushText(batch, random.text());
    batch.scopes.push({
      nameStart,
      nameLength,
      versionStart,
      versionLength,
      ...pushAttributes(batch, batch.resourceAttributes, random, deletedPercent),
      ...common(batch, random),
    });
  }
  const spans = options.spans ?? random.int(40);
  batch.reserve(spans);
  for (let i = 0; i < spans; i++) addRandomSpan(batch, random, deletedPercent);
  for (let row = 0; row < spans; row++) if (random.chance(options.droppedPercent ?? 10)) batch.drop(row);
  return batch;
}

function common(batch: SpanBatch, random: Random) {
  const [schemaUrlStart, schemaUrlLength] = pushText(batch, random.text());
  return { droppedAttributesCount: random.int(3), schemaUrlStart, schemaUrlLength };
}

function pushText(batch: SpanBatch, text: string): [start: number, length: number] {
  const start = batch.arena.appendText(text);
  return [start, batch.arena.length - start];
}

/** Pushes entries for a new owner; keys may repeat, as senders may repeat them. */
function pushAttributes(batch: SpanBatch, table: AttributeTable, random: Random, deletedPercent: number) {
  const attributeStart = table.length;
  const count = random.int(6);
  for (let i = 0; i < count; i++) {
    const { type, word0, word1 } = encodeValue(batch.arena, randomValue(random));
    const entry = table.push(table.keys.internText(random.pick(keys)), type, word0, word1);
    if (random.chance(deletedPercent)) table.types[entry] = ValueType.DELETED;
  }
  return { attributeStart, attributeEnd: table.length };
}

function setWords(column: Uint32Array, row: number, random: Random): void {
  column[2 * row] = random.int(2 ** 32);
  column[2 * row + 1] = random.int(2 ** 32);
}

function setText(batch: SpanBatch, column: Uint32Array, row: number, text: string): void {
  column.set(pushText(batch, text), 2 * row);
}

function addRandomSpan(batch: SpanBatch, random: Random, deletedPercent: number): void {
  const row = batch.length++;
  batch.traceId.set(random.bytes(16), 16 * row);
  batch.spanId.set(random.bytes(8), 8 * row);
  if (random.chance(70)) batch.parentSpanId.set(random.bytes(8), 8 * row);
  setWords(batch.startTimeUnixNano, row, random);
  setWords(batch.endTimeUnixNano, row, random);
  batch.nameIndex[row] = batch.names.internText(random.text());
  batch.kind[row] = random.int(6);
  batch.statusCode[row] = random.int(3);
  setText(batch, batch.statusMessage, row, random.text());
  setText(batch, batch.traceState, row, random.text());
  batch.flags[row] = random.int(1024);
  batch.droppedAttributesCount[row] = random.int(3);
  batch.droppedEventsCount[row] = random.int(3);
  batch.droppedLinksCount[row] = random.int(3);
  batch.resourceIndex[row] = random.int(batch.resources.length);
  batch.scopeIndex[row] = random.int(batch.scopes.length);
  const { attributeStart, attributeEnd } = pushAttributes(batch, batch.attributes, random, deletedPercent);
  batch.attributeStart[row] = attributeStart;
  batch.attributeEnd[row] = attributeEnd;
  addRandomEvents(batch, row, random, deletedPercent);
  addRandomLinks(batch, row, random, deletedPercent);
  if (random.chance(40)) setRandomDerived(batch, row, random);
  for (const name of ["SpanIdTail", "ParentSpanIdTail"] as const) {
    if (random.chance(30)) batch.deriveColumn(name).setRange(row, batch.arena.append(random.bytes(8)), 8);
  }
  if (random.chance(20)) addRandomSideRows(batch, row, random);
}

function addRandomSideRows(batch: SpanBatch, row: number, random: Random): void {
  const value = random.pick([true, random.int(100), random.text()]);
  batch.signals.push({ row, entity: random.pick(["span", "trace", "session"]), name: "s", value, source: "sdk" });
  const data = random.bytes(random.int(100));
  batch.attachments.push({
    row,
    ordinal: 0,
    id: random.text(),
    type: "image",
    mediaType: "image/png",
    width: random.int(10),
    height: random.int(10),
    bytes: data.length,
    label: random.text(),
    viewport: "",
    metadata: "",
    dataStart: batch.arena.append(data),
    dataLength: data.length,
    url: "",
  });
}

function addRandomEvents(batch: SpanBatch, row: number, random: Random, deletedPercent: number): void {
  const { events } = batch;
  batch.eventStart[row] = events.length;
  const count = random.int(3);
  events.reserve(count);
  for (let i = 0; i < count; i++) {
    const { attributeStart, attributeEnd } = pushAttributes(batch, batch.eventAttributes, random, deletedPercent);
    const event = events.length++;
    setWords(events.timeUnixNano, event, random);
    events.nameIndex[event] = batch.names.internText(random.text());
    events.attributeStart[event] = attributeStart;
    events.attributeEnd[event] = attributeEnd;
    events.droppedAttributesCount[event] = random.int(3);
  }
  batch.eventEnd[row] = events.length;
}

function addRandomLinks(batch: SpanBatch, row: number, random: Random, deletedPercent: number): void {
  const { links } = batch;
  batch.linkStart[row] = links.length;
  const count = random.int(3);
  links.reserve(count);
  for (let i = 0; i < count; i++) {
    const { attributeStart, attributeEnd } = pushAttributes(batch, batch.eventAttributes, random, deletedPercent);
    const link = links.length++;
    links.traceId.set(random.bytes(16), 16 * link);
    links.spanId.set(random.bytes(8), 8 * link);
    setText(batch, links.traceState, link, random.text());
    links.attributeStart[link] = attributeStart;
    links.attributeEnd[link] = attributeEnd;
    links.droppedAttributesCount[link] = random.int(3);
    links.flags[link] = random.int(1024);
  }
  batch.linkEnd[row] = links.length;
}

function setRandomDerived(batch: SpanBatch, row: number, random: Random): void {
  const name = random.pick(Object.keys(derivedColumns) as DerivedName[]);
  const values = {
    token: random.text(),
    text: random.text(),
    number: random.int(1_000) / 8,
    list: [random.text(), random.text()],
    map: new Map([[random.text(), random.text()]]),
  };
  // The kind of value follows from the name, which the compiler cannot see.
  batch.setDerived(name, row, values[derivedColumns[name]] as never);
}
