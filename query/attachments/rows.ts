import { z } from "zod";
import type { StoreTables } from "../reader.ts";
import { allOf, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";

/** An attachment as it is read from the store. */
export interface AttachmentRow {
  readonly AttachmentId: string;
  readonly Ordinal: number;
  readonly Type: string;
  readonly MediaType: string;
  readonly Width: number;
  readonly Height: number;
  readonly Bytes: number;
  readonly Label: string;
  readonly Viewport: string;
  readonly Metadata: string;
  /** Where the bytes are, or "": in the store. */
  readonly Url: string;
}

export interface AttachmentSource {
  /** As stored. */
  readonly project: string;
  readonly tables: StoreTables;
}

const columns = "AttachmentId, Ordinal, Type, MediaType, Width, Height, Bytes, Label, Viewport, Metadata, Url";

function ofSpan(project: string, traceId: string, spanId: string): readonly Sql[] {
  return [ofProject(project), sql`TraceId = ${param("String", traceId)}`, sql`SpanId = ${param("String", spanId)}`];
}

/** The attachments of a span in their order; of each place the newest. */
export function attachmentsOfSpan({ project, tables }: AttachmentSource, traceId: string, spanId: string): Statement {
  return statementOf(sql`SELECT ${raw(columns)}
FROM ${raw(tables.attachments)}
WHERE ${allOf(ofSpan(project, traceId, spanId))}
ORDER BY Ordinal, CreatedAt DESC
LIMIT 1 BY Ordinal`);
}

/** One attachment of a span. */
export function attachmentOfSpan(
  { project, tables }: AttachmentSource,
  traceId: string,
  spanId: string,
  attachmentId: string,
): Statement {
  return statementOf(sql`SELECT ${raw(columns)}
FROM ${raw(tables.attachments)}
WHERE ${allOf([...ofSpan(project, traceId, spanId), sql`AttachmentId = ${param("String", attachmentId)}`])}
ORDER BY CreatedAt DESC
LIMIT 1`);
}

/** The bytes of a medium, in base64: JSON holds no bytes. */
export function attachmentData(
  { project, tables }: AttachmentSource,
  attachmentId: string,
  maxBytes: number,
): Statement {
  return statementOf(sql`SELECT base64Encode(Data) AS Base64
FROM ${raw(tables.attachmentData)}
WHERE ${ofProject(project)} AND AttachmentId = ${param("String", attachmentId)}
  AND length(Data) <= ${param("UInt64", maxBytes)}
ORDER BY CreatedAt DESC
LIMIT 1`);
}

export const attachmentRead = z
  .object({
    id: z.string().describe("SHA-256 of the bytes, 64 hexadecimal digits."),
    type: z.string().describe("image, screenshot, or what the sender said."),
    url: z.string().describe("Where its bytes are, for a while and without a key."),
    label: z.string().nullable(),
    viewport: z.string().nullable(),
    width: z.int().nullable().describe("Pixels."),
    height: z.int().nullable().describe("Pixels."),
    media_type: z.string().describe("By its first bytes."),
    size_bytes: z.int(),
    metadata: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "AttachmentRead" });
export type AttachmentRead = z.output<typeof attachmentRead>;

export function attachmentOf(row: AttachmentRow, url: string): AttachmentRead {
  return {
    id: row.AttachmentId,
    type: row.Type,
    url,
    label: row.Label || null,
    viewport: row.Viewport || null,
    width: row.Width || null,
    height: row.Height || null,
    media_type: row.MediaType,
    size_bytes: row.Bytes,
    metadata: objectOf(row.Metadata),
  };
}

function objectOf(text: string): Record<string, unknown> {
  if (text === "") return {};
  const value: unknown = JSON.parse(text);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
