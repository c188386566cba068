import type { ClientContext, Signal } from "../pipeline/batch.ts";
import { releaseBatch } from "../pipeline/span-batch/batch-pool.ts";
import type { SpanBatch } from "../pipeline/span-batch/span-batch.ts";
import { WireError } from "../pipeline/span-batch/wire.ts";
import { AttributeReader, known } from "./attribute-reader.ts";
import { defaultDecodeLimits } from "./decode-limits.ts";
import { writeAttributes } from "./encode-protobuf-messages.ts";
import { readRequest } from "./read-request.ts";
import { ReverseWriter } from "./reverse-writer.ts";

/** A ResourceMetrics or ResourceLogs, which have the same fields. Ranges are `[start, end)` of the request, one after another. */
interface ResourceItems {
  /** Fields of it other than the resource. */
  readonly others: number[];
  /** Fields of its resource other than attributes. */
  readonly resourceOthers: number[];
}

/**
 * Writes a metrics or logs request anew with other attributes of its resources. Nothing below the resources is decoded.
 *
 * @param request protobuf; stays as it is
 * @param change gets a batch without spans, whose resources are those of the request
 * @throws {PermanentError} INVALID_ARGUMENT: not such a message
 */
export function changeResources(
  signal: Exclude<Signal, "traces">,
  request: Uint8Array,
  context: ClientContext | undefined,
  change: (batch: SpanBatch) => void,
): Uint8Array {
  // A batch keeps the bytes it is made of, and other pipelines may hold these.
  const reader = new ResourceReader(new Uint8Array(request));
  const { batch } = reader.builder;
  readRequest(signal, reader, () => reader.request(request.length));
  batch.context = context;
  change(batch);
  const changed = write(batch, reader.items, request.length);
  releaseBatch(batch);
  return changed;
}

class ResourceReader extends AttributeReader {
  /** As many as the batch has resources, in the same order. */
  readonly items: ResourceItems[] = [];

  constructor(body: Uint8Array) {
    super(body, defaultDecodeLimits);
  }

  request(end: number): void {
    while (this.position < end) {
      const tag = this.varint32(end);
      if (tag === 0x0a) this.#resourceItems(this.fieldEnd(end));
      else this.unknown(tag, known.request, end);
    }
  }

  #resourceItems(end: number): void {
    const resource = this.builder.batch.resources[this.builder.addResource()]!;
    const { table } = this.builder.sharedAttributes;
    const items: ResourceItems = { others: [], resourceOthers: [] };
    resource.attributeStart = table.length;
    while (this.position < end) {
      const start = this.position;
      const tag = this.varint32(end);
      if (tag === 0x0a) this.#resource(items.resourceOthers, this.fieldEnd(end));
      else this.#keep(items.others, start, tag, end);
    }
    resource.attributeEnd = table.length;
    this.items.push(items);
  }

  #resource(others: number[], end: number): void {
    this.builder.sharedAttributes.keys.restart();
    while (this.position < end) {
      const start = this.position;
      const tag = this.varint32(end);
      if (tag === 0x0a) this.keyValue(this.builder.sharedAttributes, this.fieldEnd(end));
      else this.#keep(others, start, tag, end);
    }
    if (this.builder.rejection !== "") throw new WireError(`resource: ${this.builder.rejection}`);
  }

  #keep(ranges: number[], start: number, tag: number, end: number): void {
    this.skip(tag, end);
    if (ranges.at(-1) === start) ranges[ranges.length - 1] = this.position;
    else ranges.push(start, this.position);
  }
}

function write(batch: SpanBatch, items: readonly ResourceItems[], byteLength: number): Uint8Array {
  const writer = new ReverseWriter(byteLength);
  const { bytes } = batch.arena;
  for (let index = items.length - 1; index >= 0; index--) {
    const { others, resourceOthers } = items[index]!;
    const { attributeStart, attributeEnd } = batch.resources[index]!;
    const { size } = writer;
    copyRanges(writer, bytes, others);
    const resourceSize = writer.size;
    copyRanges(writer, bytes, resourceOthers);
    writeAttributes(writer, 0x0a, bytes, batch.resourceAttributes, attributeStart, attributeEnd);
    if (writer.size > resourceSize) writer.close(0x0a, resourceSize);
    writer.close(0x0a, size);
  }
  return writer.finish();
}

function copyRanges(writer: ReverseWriter, bytes: Uint8Array, ranges: readonly number[]): void {
  for (let i = ranges.length - 2; i >= 0; i -= 2) writer.copy(bytes, ranges[i]!, ranges[i + 1]! - ranges[i]!);
}
