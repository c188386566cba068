import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { AttributeMap } from "./attribute-map.ts";
import type { ColumnData, ColumnEncoder } from "./column-group.ts";
import { LowCardinality, lowCardinalityPrefix } from "./low-cardinality.ts";
import { Output } from "./output.ts";
import { writeHexId } from "./plain-columns.ts";
import { Words } from "./words.ts";

/** Per span, where its elements end among those of the block: what stands before the data of every Array column. */
class Ends {
  readonly #words = new Words();
  total = 0;

  /** Adds the ranges `[start, end)` of the rows. */
  append(start: Uint32Array, end: Uint32Array, rows: Uint32Array, count: number): void {
    this.#words.reserve(count * 2);
    for (let k = 0; k < count; k++) {
      this.total += end[rows[k]!]! - start[rows[k]!]!;
      this.#words.push64(this.total);
    }
  }

  take(): Buffer {
    this.total = 0;
    return this.#words.take();
  }
}

/**
 * Events.Timestamp, .Name, .Attributes, .AttributeTypes, .DroppedAttributesCount. Without any event only those are sent
 * that are dear to leave out (`emptyIsSent` in column-group.ts).
 */
export class EventsEncoder implements ColumnEncoder {
  readonly #ends = new Ends();
  readonly #times = new Words();
  readonly #names = new LowCardinality();
  readonly #attributes = new AttributeMap();
  readonly #dropped = new Words();
  #seenDropped = 0;

  get byteLength(): number {
    return this.#ends.total * 24 + this.#attributes.byteLength;
  }

  append(batch: SpanBatch, rows: Uint32Array, count: number): void {
    this.#ends.append(batch.eventStart, batch.eventEnd, rows, count);
    if (batch.events.length === 0) return;
    const names = this.#names.translate(batch.names, batch.arena);
    this.#attributes.begin(batch.eventAttributes, batch.arena);
    for (let k = 0; k < count; k++) {
      const end = batch.eventEnd[rows[k]!]!;
      for (let event = batch.eventStart[rows[k]!]!; event < end; event++) this.#event(batch, event, names);
    }
  }

  take(): ColumnData[] {
    const count = this.#ends.total;
    const ends = this.#ends.take();
    const times = this.#times.take();
    const names = this.#names.take();
    const { body, types } = this.#attributes.takeNested();
    const dropped = this.#dropped.take();
    const seenDropped = this.#seenDropped;
    this.#seenDropped = 0;
    return [
      count === 0 ? undefined : [ends, times],
      [lowCardinalityPrefix, ends, ...names],
      [lowCardinalityPrefix, ends, ...body],
      [lowCardinalityPrefix, ends, ...types],
      seenDropped === 0 ? undefined : [ends, dropped],
    ];
  }

  #event(batch: SpanBatch, event: number, names: Uint32Array): void {
    const { events } = batch;
    this.#times.push(events.timeUnixNano[2 * event]!);
    this.#times.push(events.timeUnixNano[2 * event + 1]!);
    this.#names.indexes.push(names[events.nameIndex[event]!]!);
    this.#attributes.append(
      batch.eventAttributes,
      batch.arena,
      events.attributeStart[event]!,
      events.attributeEnd[event]!,
    );
    this.#dropped.push(events.droppedAttributesCount[event]!);
    this.#seenDropped |= events.droppedAttributesCount[event]!;
  }
}

/** Links.TraceId, .SpanId, .TraceState, .Attributes, .AttributeTypes, .Flags, .DroppedAttributesCount. */
export class LinksEncoder implements ColumnEncoder {
  readonly #ends = new Ends();
  readonly #traceIds = new Output();
  readonly #spanIds = new Output();
  readonly #traceStates = new Output();
  readonly #attributes = new AttributeMap();
  readonly #flags = new Words();
  readonly #dropped = new Words();
  #seenFlags = 0;
  #seenDropped = 0;

  get byteLength(): number {
    return this.#ends.total * 64 + this.#attributes.byteLength;
  }

  append(batch: SpanBatch, rows: Uint32Array, count: number): void {
    this.#ends.append(batch.linkStart, batch.linkEnd, rows, count);
    if (batch.links.length === 0) return;
    this.#attributes.begin(batch.eventAttributes, batch.arena);
    for (let k = 0; k < count; k++) {
      const end = batch.linkEnd[rows[k]!]!;
      for (let link = batch.linkStart[rows[k]!]!; link < end; link++) this.#link(batch, link);
    }
  }

  take(): ColumnData[] {
    const count = this.#ends.total;
    const ends = this.#ends.take();
    const ids = [this.#traceIds.take(), this.#spanIds.take(), this.#traceStates.take()] as const;
    const { body, types } = this.#attributes.takeNested();
    const flags = this.#flags.take();
    const dropped = this.#dropped.take();
    const seen = { flags: this.#seenFlags, dropped: this.#seenDropped };
    this.#seenFlags = this.#seenDropped = 0;
    return [
      ...ids.map((pieces) => (count === 0 ? undefined : [ends, ...pieces])),
      [lowCardinalityPrefix, ends, ...body],
      [lowCardinalityPrefix, ends, ...types],
      seen.flags === 0 ? undefined : [ends, flags],
      seen.dropped === 0 ? undefined : [ends, dropped],
    ];
  }

  #link(batch: SpanBatch, link: number): void {
    const { links, arena } = batch;
    writeHexId(this.#traceIds, links.traceId, link * 16, 16);
    writeHexId(this.#spanIds, links.spanId, link * 8, 8);
    this.#traceStates.string(arena, links.traceState[2 * link]!, links.traceState[2 * link + 1]!);
    this.#attributes.append(batch.eventAttributes, arena, links.attributeStart[link]!, links.attributeEnd[link]!);
    this.#flags.push(links.flags[link]!);
    this.#dropped.push(links.droppedAttributesCount[link]!);
    this.#seenFlags |= links.flags[link]!;
    this.#seenDropped |= links.droppedAttributesCount[link]!;
  }
}
