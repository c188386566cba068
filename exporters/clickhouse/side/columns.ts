import type { SpanAttachment, SpanSignal } from "../../../pipeline/span-batch/side-tables.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { tailBytes } from "../encode/plain-columns.ts";
import { hexColumn, numberColumn, type SideColumn, textColumn, timeColumn, tokenColumn } from "./side-column.ts";

/** What a table of things that belong to spans is made of. */
type Item = { readonly row: number };

const projectId = tokenColumn<Item>("ProjectId", ({ row }, batch) => batch.getDerived("ProjectId", row) ?? "");
const traceId = hexColumn<Item>("TraceId", ({ row }, batch) => ({ bytes: batch.traceId, start: 16 * row, width: 16 }));
const spanId = hexColumn<Item>("SpanId", ({ row }, batch) => ({
  bytes: batch.spanId,
  start: 8 * row,
  width: 8,
  tailStart: tailStartOf(row, batch),
}));
const timestamp = timeColumn<Item>("Timestamp", "DateTime64(9)", ({ row }, batch) => ({
  low: batch.startTimeUnixNano[2 * row]!,
  high: batch.startTimeUnixNano[2 * row + 1]!,
}));
const createdAt = timeColumn<Item>("CreatedAt", "DateTime64(3)", (_item, batch) => ({
  low: batch.receivedTimeMs >>> 0,
  high: Math.floor(batch.receivedTimeMs / 2 ** 32),
}));

const categories = { boolean: "boolean", number: "numerical", string: "categorical" } as const;

/** The columns of `signals`: the one list that makes CREATE TABLE, INSERT and the block. */
export const signalColumns: readonly SideColumn<SpanSignal>[] = [
  projectId,
  tokenColumn("EntityType", ({ entity }) => entity),
  textColumn("EntityId", entityIdOf),
  traceId,
  spanId,
  tokenColumn("Name", ({ name }) => name),
  tokenColumn("Category", ({ value }) => categories[typeof value as keyof typeof categories]),
  numberColumn("BoolValue", "Bool", ({ value }) => (value === true ? 1 : 0)),
  numberColumn("NumValue", "Float64", ({ value }) => (typeof value === "number" ? value : 0)),
  textColumn("TextValue", ({ value }) => (typeof value === "string" ? value : "")),
  tokenColumn("Source", ({ source }) => source),
  timestamp,
  createdAt,
];

function entityIdOf({ entity, row }: SpanSignal, batch: SpanBatch): string {
  if (entity === "session") return batch.getDerived("SessionId", row) ?? "";
  if (entity === "trace") return hexOf(batch.traceId, 16 * row, 16);
  const tailStart = tailStartOf(row, batch);
  const tail = tailStart === undefined ? "" : hexOf(batch.arena.bytes, tailStart, tailBytes);
  return hexOf(batch.spanId, 8 * row, 8) + tail;
}

function hexOf(bytes: Uint8Array, start: number, width: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, width).toString("hex");
}

/** Where the arena has the second half of the span's id; undefined: it has none. */
function tailStartOf(row: number, batch: SpanBatch): number | undefined {
  const tails = batch.derivedColumn("SpanIdTail");
  return tails?.lengthAt(row) === tailBytes ? tails.startAt(row) : undefined;
}

/** The columns of `attachments`: which medium stood where. */
export const attachmentColumns: readonly SideColumn<SpanAttachment>[] = [
  textColumn("AttachmentId", ({ id }) => id),
  projectId,
  traceId,
  spanId,
  numberColumn("Ordinal", "UInt32", ({ ordinal }) => ordinal),
  tokenColumn("Type", ({ type }) => type),
  tokenColumn("MediaType", ({ mediaType }) => mediaType),
  numberColumn("Width", "UInt32", ({ width }) => width),
  numberColumn("Height", "UInt32", ({ height }) => height),
  numberColumn("Bytes", "UInt32", ({ bytes }) => bytes),
  textColumn("Label", ({ label }) => label),
  tokenColumn("Viewport", ({ viewport }) => viewport),
  textColumn("Metadata", ({ metadata }) => metadata),
  textColumn("Url", ({ url }) => url),
  timestamp,
  createdAt,
];

/** The columns of `attachment_data`: the bytes of each distinct medium of a project. */
export const attachmentDataColumns: readonly SideColumn<SpanAttachment>[] = [
  projectId,
  textColumn("AttachmentId", ({ id }) => id),
  tokenColumn("MediaType", ({ mediaType }) => mediaType),
  {
    ...textColumn<SpanAttachment>("Data", ({ dataStart, dataLength }, batch) =>
      batch.arena.bytes.subarray(dataStart, dataStart + dataLength),
    ),
    // Media are compressed already.
    ddl: "String CODEC(NONE)",
  },
  createdAt,
];
