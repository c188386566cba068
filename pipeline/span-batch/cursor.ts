import { AttributesView } from "./attributes-view.ts";
import type { DerivedName, DerivedValue } from "./derived.ts";
import type { SpanBatch } from "./span-batch.ts";

/** Bytes of an id in lowercase hexadecimal digits. */
function hex(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString("hex");
}

function nanosAt(words: Uint32Array, row: number): bigint {
  return (BigInt(words[2 * row + 1]!) << 32n) | BigInt(words[2 * row]!);
}

function setNanos(words: Uint32Array, row: number, value: bigint): void {
  words[2 * row] = Number(value & 0xffffffffn);
  words[2 * row + 1] = Number((value >> 32n) & 0xffffffffn);
}

/** An event of a span, as an object of its own. */
export interface SpanEvent {
  readonly name: string;
  readonly timeUnixNano: bigint;
  readonly droppedAttributesCount: number;
  readonly attributes: AttributesView;
}

/** A link of a span, as an object of its own. Ids are lowercase hex digits. */
export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly flags: number;
  readonly droppedAttributesCount: number;
  readonly attributes: AttributesView;
}

/**
 * One span of a batch, read and written in place: the interface of plugin authors.
 *
 * `for (const span of batch)` moves one cursor over the rows, so keep what you read, not the cursor. Times are
 * nanoseconds since the Unix epoch as bigint, because today is past 2^53; ids are lowercase hex digits, "" for no parent.
 */
export class SpanCursor {
  /** The row read and written. */
  row = 0;
  /** The span's own attributes. */
  readonly attributes: AttributesView;
  readonly #batch: SpanBatch;
  readonly #resource: AttributesView;
  readonly #scope: AttributesView;

  constructor(batch: SpanBatch) {
    this.#batch = batch;
    this.attributes = new AttributesView(batch.arena, batch.attributes, {
      start: () => batch.attributeStart[this.row]!,
      end: () => batch.attributeEnd[this.row]!,
      move: (start, end) => {
        batch.attributeStart[this.row] = start;
        batch.attributeEnd[this.row] = end;
      },
    });
    const ofObject = (owner: () => { attributeStart: number; attributeEnd: number }): AttributesView =>
      new AttributesView(batch.arena, batch.resourceAttributes, {
        start: () => owner().attributeStart,
        end: () => owner().attributeEnd,
        move: (start, end) => Object.assign(owner(), { attributeStart: start, attributeEnd: end }),
      });
    this.#resource = ofObject(() => batch.resources[batch.resourceIndex[this.row]!]!);
    this.#scope = ofObject(() => batch.scopes[batch.scopeIndex[this.row]!]!);
  }

  get traceId(): string {
    return hex(this.#batch.traceId, this.row * 16, 16);
  }

  get spanId(): string {
    return hex(this.#batch.spanId, this.row * 8, 8);
  }

  get parentSpanId(): string {
    const id = hex(this.#batch.parentSpanId, this.row * 8, 8);
    return id === "0000000000000000" ? "" : id;
  }

  get name(): string {
    return this.#batch.names.text(this.#batch.nameIndex[this.row]!);
  }

  set name(name: string) {
    this.#batch.nameIndex[this.row] = this.#batch.names.internText(name);
  }

  /** 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  get kind(): number {
    return this.#batch.kind[this.row]!;
  }

  set kind(kind: number) {
    this.#batch.kind[this.row] = kind;
  }

  get startTimeUnixNano(): bigint {
    return nanosAt(this.#batch.startTimeUnixNano, this.row);
  }

  set startTimeUnixNano(time: bigint) {
    setNanos(this.#batch.startTimeUnixNano, this.row, time);
  }

  get endTimeUnixNano(): bigint {
    return nanosAt(this.#batch.endTimeUnixNano, this.row);
  }

  set endTimeUnixNano(time: bigint) {
    setNanos(this.#batch.endTimeUnixNano, this.row, time);
  }

  /** 0 unset, 1 ok, 2 error. */
  get statusCode(): number {
    return this.#batch.statusCode[this.row]!;
  }

  set statusCode(code: number) {
    this.#batch.statusCode[this.row] = code;
  }

  get statusMessage(): string {
    const { arena, statusMessage } = this.#batch;
    return arena.text(statusMessage[2 * this.row]!, statusMessage[2 * this.row + 1]!);
  }

  set statusMessage(message: string) {
    const { arena, statusMessage } = this.#batch;
    const start = arena.appendText(message);
    statusMessage[2 * this.row] = start;
    statusMessage[2 * this.row + 1] = arena.length - start;
  }

  get traceState(): string {
    const { arena, traceState } = this.#batch;
    return arena.text(traceState[2 * this.row]!, traceState[2 * this.row + 1]!);
  }

  get flags(): number {
    return this.#batch.flags[this.row]!;
  }

  /** Attributes of the resource. Setting one sets it for every span of that resource in the batch. */
  get resource(): AttributesView {
    return this.#resource;
  }

  /** Attributes of the instrumentation scope, shared as the resource's are. */
  get scope(): AttributesView {
    return this.#scope;
  }

  get scopeName(): string {
    const scope = this.#batch.scopes[this.#batch.scopeIndex[this.row]!]!;
    return this.#batch.arena.text(scope.nameStart, scope.nameLength);
  }

  get scopeVersion(): string {
    const scope = this.#batch.scopes[this.#batch.scopeIndex[this.row]!]!;
    return this.#batch.arena.text(scope.versionStart, scope.versionLength);
  }

  /** Makes an object per event; where speed counts, read the columns of `batch.events`. */
  get events(): SpanEvent[] {
    const batch = this.#batch;
    const { events } = batch;
    const found: SpanEvent[] = [];
    for (let row = batch.eventStart[this.row]!; row < batch.eventEnd[this.row]!; row++) {
      found.push({
        name: batch.names.text(events.nameIndex[row]!),
        timeUnixNano: nanosAt(events.timeUnixNano, row),
        droppedAttributesCount: events.droppedAttributesCount[row]!,
        attributes: this.#viewOf(events, row),
      });
    }
    return found;
  }

  /** Makes an object per link. */
  get links(): SpanLink[] {
    const batch = this.#batch;
    const { links } = batch;
    const found: SpanLink[] = [];
    for (let row = batch.linkStart[this.row]!; row < batch.linkEnd[this.row]!; row++) {
      found.push({
        traceId: hex(links.traceId, row * 16, 16),
        spanId: hex(links.spanId, row * 8, 8),
        traceState: batch.arena.text(links.traceState[2 * row]!, links.traceState[2 * row + 1]!),
        flags: links.flags[row]!,
        droppedAttributesCount: links.droppedAttributesCount[row]!,
        attributes: this.#viewOf(links, row),
      });
    }
    return found;
  }

  /** Leaves the span out of everything that follows. */
  drop(): void {
    this.#batch.drop(this.row);
  }

  /** Sets a ClickHouse column of Signalbox's own, such as `SessionId`. */
  setDerived<N extends DerivedName>(name: N, value: DerivedValue<N>): void {
    this.#batch.setDerived(name, this.row, value);
  }

  getDerived<N extends DerivedName>(name: N): DerivedValue<N> | undefined {
    return this.#batch.getDerived(name, this.row);
  }

  #viewOf(table: { attributeStart: Uint32Array; attributeEnd: Uint32Array }, row: number): AttributesView {
    return new AttributesView(this.#batch.arena, this.#batch.eventAttributes, {
      start: () => table.attributeStart[row]!,
      end: () => table.attributeEnd[row]!,
      move: (start, end) => {
        table.attributeStart[row] = start;
        table.attributeEnd[row] = end;
      },
    });
  }
}
