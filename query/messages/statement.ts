import { messageEventNames } from "../../processors/genai/outside-events.ts";
import { joinedPlaces, within } from "../places.ts";
import type { Reader } from "../reader.ts";
import type { SpanRow } from "../spans/row.ts";
import { allOf, anyOf, arrayOf, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";

/** A span that lacks messages. */
export type MessageSpan = Pick<SpanRow, "TraceId" | "SpanId" | "StartedAt" | "EndedAt">;

/** A log record with a message of a span. */
export interface MessageRow {
  readonly TraceId: string;
  readonly SpanId: string;
  readonly Time: string;
  readonly Event: string;
  /** JSON, or a text. */
  readonly Content: string;
  readonly Attributes: Readonly<Record<string, string>>;
  /** False: the records of the span are more than may be read, and this one stands for all of them, without its texts. */
  readonly Fits: number | boolean;
}

/**
 * Records are of the time of their span, by the clock of the process that the span is of; where they say none, of the time at
 * which they were first seen. No option: it is the step of the sorting key, and nothing is gained by less.
 */
const marginSeconds = 300;

/** Whole seconds since the epoch. @param time ISO 8601 */
function secondsOf(time: string): number {
  return Date.parse(`${time.slice(0, 19)}Z`) / 1_000;
}

function aroundSpan({ StartedAt, EndedAt }: MessageSpan): { readonly first: number; readonly last: number } {
  const first = secondsOf(StartedAt);
  const last = EndedAt === null ? first : secondsOf(EndedAt);
  return { first: first - marginSeconds, last: Math.max(first, last) + marginSeconds };
}

const event = raw("if(EventName = '', LogAttributes['event.name'], EventName)");
const noTexts = raw("CAST(map(), 'Map(LowCardinality(String), String)')");

/**
 * The records with messages of some spans, each span's together and in their order. What is too long for one answer is found
 * by its length, before any text is read.
 */
export function messagesStatement(
  { tables, bounds }: Pick<Reader, "tables" | "bounds">,
  project: string,
  spans: readonly MessageSpan[],
): Statement {
  const ofSpans = allOf([
    ofProject(project),
    sql`TraceId IN ${textsOf(spans.map(({ TraceId }) => TraceId))}`,
    sql`SpanId IN ${textsOf(spans.map(({ SpanId }) => SpanId))}`,
    anyOf(joinedPlaces(spans.map(aroundSpan)).map(within)),
    sql`${event} IN ${param("Array(String)", messageEventNames)}`,
  ]);
  const upTo = (column: string, most: number): Sql =>
    sql`sum(${raw(column)}) OVER (ORDER BY TraceId, SpanId) <= ${param("UInt64", most)}`;
  return statementOf(sql`SELECT TraceId, SpanId, Timestamp AS Time, ${event} AS Event, s.Fits AS Fits,
  if(s.Fits, Body, '') AS Content, if(s.Fits, LogAttributes, ${noTexts}) AS Attributes
FROM ${raw(tables.logs)}
INNER JOIN (
  SELECT TraceId, SpanId, First, ${upTo("Records", bounds.max_message_records)} AND ${upTo("Bytes", bounds.max_message_bytes)} AS Fits
  FROM (
    SELECT TraceId, SpanId, min(Timestamp) AS First, count() AS Records,
      sum(length(Body) + arraySum(text -> length(text), mapValues(LogAttributes))) AS Bytes
    FROM ${raw(tables.logs)}
    WHERE ${ofSpans}
    GROUP BY TraceId, SpanId
  )
) AS s USING (TraceId, SpanId)
WHERE ${ofSpans}
  AND (s.Fits OR Timestamp = s.First)
ORDER BY TraceId, SpanId, Timestamp`);
}

function textsOf(values: readonly string[]): Sql {
  return arrayOf("String", [...new Set(values)]);
}
