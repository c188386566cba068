import { attachmentColumns, attachmentDataColumns, signalColumns } from "../side/columns.ts";
import type { TableParts } from "./table-schema.ts";
import { columnLines, createTable, type TableSchema } from "./table-schema.ts";

/**
 * Signals. A sender that sends a span again sends its signals again: rows of one SignalId are one signal, and merges leave
 * one of them. It is computed where the sender gave none.
 */
export function signalsSchema(table: string): TableSchema {
  const identity = "ProjectId, EntityType, EntityId, SpanId, Name, Source";
  return schemaOf(table, "signals", signalColumns, {
    lines: [
      ...columnLines(signalColumns),
      `\`SignalId\` String DEFAULT lower(hex(sipHash128(${identity}))) CODEC(ZSTD(1))`,
      "INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1",
    ],
    partitionBy: "toDate(CreatedAt)",
    orderBy: "(ProjectId, EntityType, EntityId, Name, SignalId)",
  });
}

/** Which medium stood where in which span. */
export function attachmentsSchema(table: string): TableSchema {
  return schemaOf(table, "attachments", attachmentColumns, {
    lines: columnLines(attachmentColumns),
    partitionBy: "toDate(CreatedAt)",
    orderBy: "(ProjectId, TraceId, SpanId, Ordinal)",
  });
}

/**
 * The bytes of media, each distinct one once a project: in one partition, so that merges find those that two processes
 * have stored. Where rows grow old, a medium in use is stored anew in time, and the newest row is the one that stays.
 */
export function attachmentDataSchema(table: string): TableSchema {
  return schemaOf(table, "data of attachments", attachmentDataColumns, {
    lines: columnLines(attachmentDataColumns),
    orderBy: "(ProjectId, AttachmentId)",
  });
}

function schemaOf(
  table: string,
  name: string,
  columns: TableSchema["columns"],
  parts: Pick<TableParts, "lines" | "partitionBy" | "orderBy">,
): TableSchema {
  const rows = { table, time: "toDateTime(CreatedAt)", hasProjects: true };
  return {
    table,
    columns,
    deduplicated: [table],
    expiring: [rows],
    migrations: (ddl) => [
      {
        version: 1,
        name,
        statements: [createTable(ddl, { ...parts, ...rows, engine: "Replacing" })],
      },
    ],
  };
}
