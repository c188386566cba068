import { parseUuid, storedSpanId } from "../../pipeline/ids.ts";
import { startsOfSpan } from "../../query/places.ts";
import type { StoreTables } from "../../query/reader.ts";
import { completionAttributes } from "../../query/spans/surroundings.ts";
import { allOf, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../../query/sql.ts";
import type { Records } from "./records.ts";

/** What records want to know of a span. */
export interface SpanLink {
  /** As stored, like all ids here. */
  readonly traceId: string;
  readonly spanId: string;
  /** Of the version of a prompt; undefined: not said. */
  readonly versionId: string | undefined;
  /** Names of its prompt or task, the surest first. */
  readonly names: readonly string[];
}

interface SpanRow {
  readonly TraceId: string;
  readonly SpanId: string;
  readonly PromptName: string;
  readonly Decoration: string;
  readonly Slug: string;
  readonly Task: string;
}

/** Writes of one span that are put together. No option: each of them says the same links, or none. */
const maxRows = 100;

/** The spans of an id: a span's own (UUID, or 16 digits), or what a provider called its completion. */
export async function findSpan(records: Records, project: string, id: string): Promise<SpanLink | undefined> {
  const { tables } = records;
  const spanId = storedSpanIdOf(id);
  const started = spanId === undefined ? undefined : await startsOfSpan(records, spanId);
  const statements = [
    ...(spanId === undefined || started === undefined ? [] : [spanById(tables, project, spanId, started)]),
    spanByResponse(tables, project, id),
    spanByAttribute(tables, project, id, records.limits.attribute_search_age),
  ];
  for (const statement of statements) {
    const rows = await records.rows<SpanRow>(statement);
    if (rows.length > 0) return linkOf(rows);
  }
  return undefined;
}

/** A span id in any spelling as it is stored; undefined where it is none. */
export function storedSpanIdOf(id: string): string | undefined {
  if (/^[0-9a-f]{16}$/i.test(id)) return id.toLowerCase();
  const uuid = parseUuid(id);
  return uuid === undefined ? undefined : storedSpanId(uuid);
}

/** @param started conditions on Timestamp that its rows fulfil */
export function spanById(tables: StoreTables, project: string, spanId: string, started: readonly Sql[]): Statement {
  return spans(tables, [ofProject(project), ...started, sql`SpanId = ${param("String", spanId)}`]);
}

export function spanByResponse(tables: StoreTables, project: string, responseId: string): Statement {
  return spans(tables, [ofProject(project), sql`ResponseId = ${param("String", responseId)}`]);
}

/** Where spans came without their columns filled, their attributes are looked through, which takes long: @param ageMs how far back */
export function spanByAttribute(tables: StoreTables, project: string, responseId: string, ageMs: number): Statement {
  const values = raw(completionAttributes.map((key) => `SpanAttributes['${key}']`).join(", "));
  return spans(tables, [
    ofProject(project),
    sql`Timestamp > now() - toIntervalSecond(${raw(String(Math.ceil(ageMs / 1_000)))})`,
    sql`ResponseId = ''`,
    // Not IN, which takes constants alone in ClickHouse 25.8.
    sql`has([${values}], ${param("String", responseId)})`,
  ]);
}

function spans({ spans: table }: StoreTables, conditions: readonly Sql[]): Statement {
  return statementOf(sql`SELECT TraceId, SpanId, PromptName,
    SpanAttributes['zeroeval'] AS Decoration, SpanAttributes['prompt_slug'] AS Slug, SpanAttributes['task'] AS Task
    FROM ${raw(table)}
    WHERE ${allOf(conditions)}
    ORDER BY CreatedAt DESC
    LIMIT ${raw(String(maxRows))}`);
}

/** The newest row that says something counts; rows of other spans with the same completion do not. */
function linkOf(rows: readonly SpanRow[]): SpanLink {
  const { TraceId: traceId, SpanId: spanId } = rows[0]!;
  const own = rows.filter((row) => row.SpanId === spanId && row.TraceId === traceId);
  const said = (column: keyof SpanRow): string => own.find((row) => row[column] !== "")?.[column] ?? "";
  const decoration = decorationOf(said("Decoration"));
  const names = [decoration.prompt_slug, said("Slug"), said("Task"), decoration.task, said("PromptName")];
  const versionId =
    typeof decoration.prompt_version_id === "string" ? parseUuid(decoration.prompt_version_id) : undefined;
  return {
    traceId,
    spanId,
    versionId,
    names: [...new Set(names.filter((name): name is string => typeof name === "string" && name !== ""))],
  };
}

interface Decoration {
  readonly prompt_version_id?: unknown;
  readonly prompt_slug?: unknown;
  readonly task?: unknown;
}

/** What SDKs put before a prompt's text and copy to the span. Anything may stand in an attribute. */
function decorationOf(text: string): Decoration {
  if (!text.startsWith("{")) return {};
  try {
    return JSON.parse(text) as Decoration;
  } catch {
    return {};
  }
}

/** Whether any row of a table fits. */
export function anyRow(table: string, project: string, condition: Sql): Statement {
  return statementOf(sql`SELECT 1 AS Found
    FROM ${raw(table)}
    WHERE ${allOf([ofProject(project), condition])}
    LIMIT 1`);
}
