import type { ClientContext } from "../pipeline/batch.ts";
import type { OtlpBatch } from "../pipeline/otlp-batch.ts";
import { ValueType } from "../pipeline/span-batch/attribute-table.ts";
import { releaseBatch } from "../pipeline/span-batch/batch-pool.ts";
import type { SpanBatch } from "../pipeline/span-batch/span-batch.ts";
import { WireError } from "../pipeline/span-batch/wire.ts";
import { AttributeReader } from "./attribute-reader.ts";
import { defaultDecodeLimits } from "./decode-limits.ts";
import { EditScript } from "./edit-script.ts";
import { readRequest } from "./read-request.ts";

/**
 * Spans, log records or data points, as rows of a batch. Of the columns of the latter two these are set: attributes, resource
 * with its attributes, scope with name and version, and, of a data point, the name of its metric as name.
 */
export interface Items {
  readonly batch: SpanBatch;
  /** What log records have besides; undefined for others. */
  readonly records?: LogRecordColumns | undefined;
}

/** By row. */
export interface LogRecordColumns {
  readonly severityNumbers: readonly number[];
  /** Start and length of a range of the arena. */
  readonly severityTexts: readonly number[];
  /** Row `i` is entry `i`. Its keys say nothing. */
  readonly bodies: SpanBatch["eventAttributes"];
}

/**
 * Writes a metrics or logs request anew with other attributes of its data points or log records. Nothing else of it changes,
 * unknown fields and their order included.
 *
 * @param request protobuf; stays as it is
 * @param change changes attributes of the batch; returns the rows it has changed, others are copied as they came
 * @throws {PermanentError} INVALID_ARGUMENT: not such a message, or attributes nested too deep
 */
export function changeItems(
  signal: OtlpBatch["signal"],
  request: Uint8Array,
  context: ClientContext | undefined,
  change: (items: Items) => ArrayLike<number>,
): Uint8Array {
  // A batch keeps the bytes it is made of, and other pipelines may hold these.
  const reader = new ItemReader(new Uint8Array(request), signal);
  const { batch } = reader.builder;
  readRequest(signal, reader, () => reader.request(request.length));
  batch.context = context;
  const rows = change(reader);
  const isChanged = new Uint8Array(batch.length);
  for (let i = 0; i < rows.length; i++) isChanged[rows[i]!] = 1;
  const changed = rows.length === 0 ? request : reader.script.write(batch, isChanged, request.length);
  releaseBatch(batch);
  return changed;
}

const recordTag = 0x12;
const recordAttributesTag = 0x32;
/** By tag of a Metric's gauge, sum, histogram, exponential histogram and summary: the tag of its points' attributes. */
const pointAttributesTags: ReadonlyMap<number, number> = new Map([
  [0x2a, 0x3a],
  [0x3a, 0x3a],
  [0x4a, 0x4a],
  [0x52, 0x0a],
  [0x5a, 0x3a],
]);

interface WritableRecordColumns extends LogRecordColumns {
  readonly severityNumbers: number[];
  readonly severityTexts: number[];
}

/** Reads the items of a request, and how it is put together around them. */
class ItemReader extends AttributeReader implements Items {
  readonly batch: SpanBatch;
  readonly records: WritableRecordColumns | undefined;
  readonly script = new EditScript();

  constructor(body: Uint8Array, signal: OtlpBatch["signal"]) {
    super(body, defaultDecodeLimits);
    this.batch = this.builder.batch;
    const bodies = this.batch.eventAttributes;
    this.records = signal === "logs" ? { severityNumbers: [], severityTexts: [], bodies } : undefined;
  }

  request(end: number): void {
    while (this.position < end) {
      const start = this.position;
      const tag = this.varint32(end);
      if (tag === 0x0a) this.#resourceItems(this.#open(tag, end));
      else this.#skipped(start, tag, end);
    }
  }

  #resourceItems(end: number): void {
    const index = this.builder.addResource();
    const resource = this.batch.resources[index]!;
    resource.attributeStart = this.batch.resourceAttributes.length;
    while (this.position < end) {
      const start = this.position;
      const tag = this.varint32(end);
      if (tag === 0x12) this.#scopeItems(this.#open(tag, end), index);
      else if (tag === 0x0a) {
        this.#resource(this.fieldEnd(end));
        this.script.copy(start, this.position);
      } else this.#skipped(start, tag, end);
    }
    resource.attributeEnd = this.batch.resourceAttributes.length;
    this.script.close();
  }

  #resource(end: number): void {
    this.builder.sharedAttributes.keys.restart();
    while (this.position < end) {
      const tag = this.varint32(end);
      if (tag === 0x0a) this.keyValue(this.builder.sharedAttributes, this.fieldEnd(end));
      else this.skip(tag, end);
    }
    this.#failIfRejected("resource");
  }

  #scopeItems(end: number, resource: number): void {
    const index = this.builder.addScope();
    while (this.position < end) {
      const start = this.position;
      const tag = this.varint32(end);
      if (tag === recordTag) {
        const itemEnd = this.#open(tag, end);
        if (this.records === undefined) this.#metric(itemEnd, resource, index);
        else this.#item(itemEnd, recordAttributesTag, resource, index);
      } else if (tag === 0x0a) {
        this.#scope(this.fieldEnd(end), index);
        this.script.copy(start, this.position);
      } else this.#skipped(start, tag, end);
    }
    this.script.close();
  }

  #scope(end: number, index: number): void {
    const scope = this.batch.scopes[index]!;
    while (this.position < end) {
      const tag = this.varint32(end);
      if (tag === 0x0a) {
        scope.nameLength = this.text(end);
        scope.nameStart = this.position - scope.nameLength;
      } else if (tag === 0x12) {
        scope.versionLength = this.text(end);
        scope.versionStart = this.position - scope.versionLength;
      } else this.skip(tag, end);
    }
  }

  #metric(end: number, resource: number, scope: number): void {
    const { batch } = this;
    const first = batch.length;
    let name = batch.names.intern(0, 0);
    while (this.position < end) {
      const start = this.position;
      const tag = this.varint32(end);
      const attributesTag = pointAttributesTags.get(tag);
      if (attributesTag !== undefined) this.#points(this.#open(tag, end), attributesTag, resource, scope);
      else if (tag === 0x0a) {
        const length = this.text(end);
        name = batch.names.intern(this.position - length, length);
        this.script.copy(start, this.position);
      } else this.#skipped(start, tag, end);
    }
    batch.nameIndex.fill(name, first, batch.length);
    this.script.close();
  }

  #points(end: number, attributesTag: number, resource: number, scope: number): void {
    while (this.position < end) {
      const start = this.position;
      const tag = this.varint32(end);
      if (tag === 0x0a) this.#item(this.#open(tag, end), attributesTag, resource, scope);
      else this.#skipped(start, tag, end);
    }
    this.script.close();
  }

  /** Reads a log record or a data point into the next row. */
  #item(end: number, attributesTag: number, resource: number, scope: number): void {
    const { batch, script } = this;
    const row = batch.length;
    batch.reserve(1);
    batch.resourceIndex[row] = resource;
    batch.scopeIndex[row] = scope;
    batch.attributeStart[row] = batch.attributes.length;
    this.builder.spanAttributes.keys.restart();
    this.#beginRecord();
    // Where there are none, that is where new ones go.
    let firstTag = attributesTag;
    while (this.position < end) {
      const start = this.position;
      const tag = this.varint32(end);
      if (tag === attributesTag) {
        this.keyValue(this.builder.spanAttributes, this.fieldEnd(end));
        script.attributes(row, start, this.position, firstTag);
        firstTag = 0;
      } else {
        if (!this.#recordField(row, tag, end)) this.skip(tag, end);
        script.copy(start, this.position);
      }
    }
    if (firstTag !== 0) script.attributes(row, end, end, firstTag);
    this.#failIfRejected("attributes");
    batch.attributeEnd[row] = batch.attributes.length;
    batch.length = row + 1;
    script.close();
  }

  #beginRecord(): void {
    const { records } = this;
    if (records === undefined) return;
    records.severityNumbers.push(0);
    records.severityTexts.push(0, 0);
    // A key is of no use here; the dictionary is empty, and nobody asks it.
    records.bodies.push(0, ValueType.EMPTY, 0, 0);
  }

  /** Reads what records are matched by; false, having read nothing, for any other field. */
  #recordField(row: number, tag: number, end: number): boolean {
    const { records } = this;
    if (records === undefined) return false;
    if (tag === 0x10) records.severityNumbers[row] = this.uint32(end);
    else if (tag === 0x1a) {
      const length = this.text(end);
      records.severityTexts[2 * row] = this.position - length;
      records.severityTexts[2 * row + 1] = length;
    } else if (tag === 0x2a) this.anyValue(records.bodies, row, this.fieldEnd(end));
    else return false;
    return true;
  }

  /** Opens the message whose length is next, which is written with a length of its own; returns its end. */
  #open(tag: number, end: number): number {
    this.script.open(tag);
    return this.fieldEnd(end);
  }

  /** Passes over a field that is copied, whatever it is. */
  #skipped(start: number, tag: number, end: number): void {
    this.skip(tag, end);
    this.script.copy(start, this.position);
  }

  #failIfRejected(where: string): void {
    if (this.builder.rejection !== "") throw new WireError(`${where}: ${this.builder.rejection}`);
  }
}
