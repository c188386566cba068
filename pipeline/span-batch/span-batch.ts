import type { Batch, ClientContext } from "../batch.ts";
import { ByteArena } from "./arena.ts";
import { AttributeTable } from "./attribute-table.ts";
import { SpanCursor } from "./cursor.ts";
import {
  createDerivedColumn,
  type DerivedColumn,
  type DerivedName,
  type DerivedValue,
  type ValueColumn,
} from "./derived.ts";
import { ByteDictionary } from "./dictionary.ts";
import { EventTable } from "./event-table.ts";
import { grown } from "./grow.ts";
import { LinkTable } from "./link-table.ts";
import { appendBatch } from "./merge.ts";
import type { SpanAttachment, SpanSignal } from "./side-tables.ts";

/** What produced the spans. Attributes stand in `SpanBatch.resourceAttributes`. */
export interface Resource {
  attributeStart: number;
  attributeEnd: number;
  droppedAttributesCount: number;
  /** Range of the arena. */
  schemaUrlStart: number;
  schemaUrlLength: number;
}

/** The instrumentation scope. Attributes stand in `SpanBatch.resourceAttributes`; texts are ranges of the arena. */
export interface Scope {
  nameStart: number;
  nameLength: number;
  versionStart: number;
  versionLength: number;
  attributeStart: number;
  attributeEnd: number;
  droppedAttributesCount: number;
  schemaUrlStart: number;
  schemaUrlLength: number;
}

const noBytes = new Uint8Array(0);

/**
 * A batch of spans, column by column: column `c` of span `i` is `c[i]`, or `c[2i]` and `c[2i + 1]` where a value takes
 * two words. Texts and bytes are ranges of `arena`, repeated texts indexes into dictionaries. Nothing that OTLP carries is
 * lost: a batch encodes to the message it was decoded from.
 *
 * Columns have room for more than `length` spans; what lies behind is undefined. Growing replaces the arrays, so they are
 * read from the batch anew after every call that may add.
 *
 * Row by row, for plugins:
 *
 * ```ts
 * for (const span of batch) {
 *   if (span.attributes.get("http.route") === "/healthz") span.drop();
 * }
 * ```
 *
 * Column by column, where speed pays:
 *
 * ```ts
 * const route = batch.attributes.keys.find("http.route"); // once per batch
 * for (let i = 0; i < batch.length; i++) {
 *   const entry = batch.attributes.find(batch.attributeStart[i]!, batch.attributeEnd[i]!, route);
 * }
 * ```
 */
export class SpanBatch implements Batch {
  readonly signal = "traces" as const;
  /** Spans, dropped ones included. */
  length = 0;
  context: ClientContext | undefined;
  /** Milliseconds since the Unix epoch at which the first of the spans arrived. */
  receivedTimeMs = Date.now();
  /** The sender is answered when the spans are stored, whatever `service.acknowledge` says. */
  isAwaited = false;
  /**
   * Looks at the spans when all processors have seen them, for a receiver whose answer says what became of them. It may not
   * keep the batch. Copies and pieces do not have it: it is not called where a processor holds spans back.
   */
  whenProcessed: ((batch: SpanBatch) => void) | undefined;

  readonly arena: ByteArena;
  /** Of spans. */
  readonly attributes: AttributeTable;
  /** Of resources and scopes. */
  readonly resourceAttributes: AttributeTable;
  /** Of events and links. */
  readonly eventAttributes: AttributeTable;
  readonly resources: Resource[] = [];
  readonly scopes: Scope[] = [];
  readonly events: EventTable;
  readonly links: LinkTable;
  /** Names of spans and events. */
  readonly names: ByteDictionary;
  /** Values of derived columns with few distinct ones. */
  readonly tokens: ByteDictionary;
  /** Signals that processors, or the spans themselves, have made. */
  readonly signals: SpanSignal[] = [];
  /** Media that was taken out of the spans. */
  readonly attachments: SpanAttachment[] = [];

  /** 16 bytes a span. */
  traceId: Uint8Array;
  /** 8 bytes a span. */
  spanId: Uint8Array;
  /** 8 bytes a span; all zero: a root. */
  parentSpanId: Uint8Array;
  /** Nanoseconds since the Unix epoch, 64 bits in two words, low half first. */
  startTimeUnixNano: Uint32Array;
  endTimeUnixNano: Uint32Array;
  /** Index into `names`. */
  nameIndex: Uint32Array;
  /** SpanKind as in OTLP: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: Uint8Array;
  /** StatusCode as in OTLP: 0 unset, 1 ok, 2 error. */
  statusCode: Uint8Array;
  /** Start and length of a range. */
  statusMessage: Uint32Array;
  traceState: Uint32Array;
  /** Bits 0-7: W3C trace flags; bit 8: bit 9 is known; bit 9: the parent is remote. */
  flags: Uint32Array;
  droppedAttributesCount: Uint32Array;
  droppedEventsCount: Uint32Array;
  droppedLinksCount: Uint32Array;
  resourceIndex: Uint32Array;
  scopeIndex: Uint32Array;
  /** Range of entries in `attributes`. */
  attributeStart: Uint32Array;
  attributeEnd: Uint32Array;
  /** Range of rows in `events`. */
  eventStart: Uint32Array;
  eventEnd: Uint32Array;
  /** Range of rows in `links`. */
  linkStart: Uint32Array;
  linkEnd: Uint32Array;

  readonly #derived = new Map<DerivedName, DerivedColumn>();
  /** Empty columns that an earlier use of the batch has left behind. */
  readonly #spare = new Map<DerivedName, DerivedColumn>();
  #dropped: Uint8Array | undefined;
  #droppedCount = 0;

  /**
   * @param arena bytes the batch takes over
   * @param spans how many spans to make room for
   * @param attributesPerSpan how many span attributes each of them will have, about
   */
  constructor(arena = new ByteArena(), spans = 64, attributesPerSpan = 8) {
    this.arena = arena;
    this.attributes = new AttributeTable(arena, spans * attributesPerSpan);
    this.resourceAttributes = new AttributeTable(arena, 32);
    this.eventAttributes = new AttributeTable(arena, 0);
    this.events = new EventTable();
    this.links = new LinkTable();
    this.names = new ByteDictionary(arena);
    this.tokens = new ByteDictionary(arena);
    this.traceId = new Uint8Array(spans * 16);
    this.spanId = new Uint8Array(spans * 8);
    this.parentSpanId = new Uint8Array(spans * 8);
    this.startTimeUnixNano = new Uint32Array(spans * 2);
    this.endTimeUnixNano = new Uint32Array(spans * 2);
    this.nameIndex = new Uint32Array(spans);
    this.kind = new Uint8Array(spans);
    this.statusCode = new Uint8Array(spans);
    this.statusMessage = new Uint32Array(spans * 2);
    this.traceState = new Uint32Array(spans * 2);
    this.flags = new Uint32Array(spans);
    this.droppedAttributesCount = new Uint32Array(spans);
    this.droppedEventsCount = new Uint32Array(spans);
    this.droppedLinksCount = new Uint32Array(spans);
    this.resourceIndex = new Uint32Array(spans);
    this.scopeIndex = new Uint32Array(spans);
    this.attributeStart = new Uint32Array(spans);
    this.attributeEnd = new Uint32Array(spans);
    this.eventStart = new Uint32Array(spans);
    this.eventEnd = new Uint32Array(spans);
    this.linkStart = new Uint32Array(spans);
    this.linkEnd = new Uint32Array(spans);
  }

  /** Empties the batch; the columns keep their room. */
  clear(): void {
    for (const [name, column] of this.#derived) {
      column.clear(this.length);
      this.#spare.set(name, column);
    }
    this.#derived.clear();
    this.arena.adopt(noBytes);
    this.length = this.events.length = this.links.length = 0;
    this.resources.length = this.scopes.length = 0;
    this.signals.length = this.attachments.length = 0;
    for (const table of [this.attributes, this.resourceAttributes, this.eventAttributes]) {
      table.length = 0;
      table.keys.clear();
    }
    this.names.clear();
    this.tokens.clear();
    this.#dropped = undefined;
    this.#droppedCount = 0;
    this.context = undefined;
    this.isAwaited = false;
    this.whenProcessed = undefined;
  }

  /** Puts an empty batch over the bytes of a request that arrives now. */
  restart(body: Uint8Array): void {
    this.arena.adopt(body);
    this.receivedTimeMs = Date.now();
  }

  /** Call before rows are taken out of the batch to be joined or stored. */
  processed(): void {
    const observe = this.whenProcessed;
    if (observe === undefined) return;
    this.whenProcessed = undefined;
    observe(this);
  }

  /** Spans that are not dropped. */
  get itemCount(): number {
    return this.length - this.#droppedCount;
  }

  get byteLength(): number {
    const perSpan = 128;
    const perEntry = 13;
    const entries = this.attributes.length + this.resourceAttributes.length + this.eventAttributes.length;
    return (
      this.arena.length + this.length * perSpan + entries * perEntry + (this.events.length + this.links.length) * 48
    );
  }

  /** Makes room for `count` more spans. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.kind.length) return;
    const spans = Math.max(needed, this.kind.length * 2, 64);
    this.traceId = grown(this.traceId, spans * 16);
    this.spanId = grown(this.spanId, spans * 8);
    this.parentSpanId = grown(this.parentSpanId, spans * 8);
    this.startTimeUnixNano = grown(this.startTimeUnixNano, spans * 2);
    this.endTimeUnixNano = grown(this.endTimeUnixNano, spans * 2);
    this.nameIndex = grown(this.nameIndex, spans);
    this.kind = grown(this.kind, spans);
    this.statusCode = grown(this.statusCode, spans);
    this.statusMessage = grown(this.statusMessage, spans * 2);
    this.traceState = grown(this.traceState, spans * 2);
    this.flags = grown(this.flags, spans);
    this.droppedAttributesCount = grown(this.droppedAttributesCount, spans);
    this.droppedEventsCount = grown(this.droppedEventsCount, spans);
    this.droppedLinksCount = grown(this.droppedLinksCount, spans);
    this.resourceIndex = grown(this.resourceIndex, spans);
    this.scopeIndex = grown(this.scopeIndex, spans);
    this.attributeStart = grown(this.attributeStart, spans);
    this.attributeEnd = grown(this.attributeEnd, spans);
    this.eventStart = grown(this.eventStart, spans);
    this.eventEnd = grown(this.eventEnd, spans);
    this.linkStart = grown(this.linkStart, spans);
    this.linkEnd = grown(this.linkEnd, spans);
    if (this.#dropped) this.#dropped = grown(this.#dropped, spans);
  }

  /** Leaves span `row` out of everything that follows. Nothing is moved. */
  drop(row: number): void {
    this.#dropped ??= new Uint8Array(this.kind.length);
    if (this.#dropped[row] === 1) return;
    this.#dropped[row] = 1;
    this.#droppedCount++;
  }

  isDropped(row: number): boolean {
    return this.#droppedCount > 0 && this.#dropped![row] === 1;
  }

  /** Sets a derived column of span `row`. */
  setDerived<N extends DerivedName>(name: N, row: number, value: DerivedValue<N>): void {
    // The type of the column follows from `name`, which the compiler cannot see.
    (this.deriveColumn(name) as unknown as ValueColumn<DerivedValue<N>>).set(row, value);
  }

  /** The derived column of span `row`, or undefined when it was not set. */
  getDerived<N extends DerivedName>(name: N, row: number): DerivedValue<N> | undefined {
    return this.#derived.get(name)?.get(row) as DerivedValue<N> | undefined;
  }

  /** The whole derived column to write to: look it up once per batch. */
  deriveColumn<N extends DerivedName>(name: N): DerivedColumn<N> {
    let column = this.#derived.get(name);
    if (column === undefined) {
      column =
        this.#spare.get(name) ??
        createDerivedColumn(name, Math.max(this.length, this.kind.length), this.arena, this.tokens);
      this.#derived.set(name, column);
    }
    return column as DerivedColumn<N>;
  }

  /** The whole derived column, or undefined when no span has it. */
  derivedColumn<N extends DerivedName>(name: N): DerivedColumn<N> | undefined {
    return this.#derived.get(name) as DerivedColumn<N> | undefined;
  }

  derivedNames(): IterableIterator<DerivedName> {
    return this.#derived.keys();
  }

  /** Spans that are not dropped, through one reused cursor: keep values, not the cursor. */
  *[Symbol.iterator](): Generator<SpanCursor> {
    const cursor = new SpanCursor(this);
    for (let row = 0; row < this.length; row++) {
      if (this.isDropped(row)) continue;
      cursor.row = row;
      yield cursor;
    }
  }

  clone(): SpanBatch {
    const copy = new SpanBatch(new ByteArena(this.arena.length), 0, 0);
    copy.append(this);
    copy.isAwaited = this.isAwaited;
    return copy;
  }

  /** Adds a copy of all spans of `other`; dropped ones come along as dropped. `other` stays as it is. */
  append(other: SpanBatch): void {
    appendBatch(this, other);
  }
}
