import { clientVersion } from "../../processors/cost/pricing-run.ts";
import { raw, type Sql, sql } from "../sql.ts";

/*
 * Rows of the table of spans are versions: a span that was sent twice, or changed later, stands there several times. What is
 * asked of a span is asked of one row where the span has one, and of its versions put together where it has several. Both
 * look the same here: `mergedSpans` has columns of the same names and meanings.
 */

/** Milliseconds; NULL where neither a duration nor an end is known. */
const durationOfRow = "coalesce(SentDuration, if(EndState = 'open' AND Duration = 0, NULL, Duration / 1e6))";

/** What is asked of spans, in columns of a row or of `mergedSpans`. */
export interface SpanExpressions {
  readonly name: Sql;
  /** As stored; "" for none. */
  readonly parent: Sql;
  readonly kind: Sql;
  readonly hasError: Sql;
  readonly errorCode: Sql;
  readonly duration: Sql;
  readonly cost: Sql;
  readonly status: Sql;
  readonly start: Sql;
}

/** Retrievers of OpenInference are known as vector stores outside. */
const kind = raw(
  "multiIf(OperationKind = '', 'generic', OperationKind = 'retrieval' AND Dialect = 'openinference', 'vector_store', OperationKind)",
);

const shared = {
  name: raw("SpanName"),
  parent: raw("ParentSpanId"),
  kind,
  hasError: raw("(StatusCode = 'Error' OR ErrorType != '' OR ErrorMessage != '')"),
  errorCode: raw("ErrorType"),
  cost: raw("Cost"),
  status: raw("StatusCode"),
  start: raw("Timestamp"),
} as const;

/** Of one row. */
export const rowExpressions: SpanExpressions = { ...shared, duration: raw(durationOfRow) };

/** Of a row of `mergedSpans`. */
export const mergedExpressions: SpanExpressions = { ...shared, duration: raw("DurationMs") };

const last = (column: string, isSet: string): string => `argMaxIf(${column}, CreatedAt, ${isSet}) AS ${column}`;
const lastText = (column: string): string => last(column, `${column} != ''`);

/** What a client has said of the cost goes before what was computed, also later. */
export const lastCost = (of = ""): string =>
  `argMaxIf(${of}Cost, (${of}PriceVersion = '${clientVersion}', ${of}CreatedAt), isNotNull(${of}Cost))`;

const noTags = "CAST(map(), 'Map(String, String)')";

/** Of each column the newest value that says something; of tags the newest of each key; of arrival the first. */
const mergedColumns = [
  "argMax(Timestamp, CreatedAt) AS Timestamp",
  "argMax(SpanName, CreatedAt) AS SpanName",
  ...["ParentSpanId", "OperationKind", "Dialect", "ErrorType", "ErrorMessage", "SessionId"].map(lastText),
  // As in a single row: what was never said is Unset, and not "".
  "if(countIf(StatusCode != 'Unset') = 0, 'Unset', argMaxIf(StatusCode, CreatedAt, StatusCode != 'Unset')) AS StatusCode",
  `argMaxIf(${durationOfRow}, CreatedAt, isNotNull(${durationOfRow})) AS DurationMs`,
  `${lastCost()} AS Cost`,
  ...["InputTokens", "OutputTokens", "TotalTokens"].map((column) => last(column, `isNotNull(${column})`)),
  ...["ServiceName", "Provider", "RequestModel", "ResponseModel", "AgentName", "PromptName", "ToolName"].map(lastText),
  "argMax(SampleWeight, CreatedAt) AS SampleWeight",
  `arrayFold((tags, version) -> mapUpdate(tags, version.2), arraySort(version -> version.1, groupArray((CreatedAt, Tags))), ${noTags}) AS Tags`,
  "min(CreatedAt) AS CreatedAt",
];

/**
 * Spans as their versions say together. Columns that nobody uses are not read.
 *
 * @param from the quoted table of spans
 * @param condition on single rows: which spans; must hold for all versions of a span
 */
export function mergedSpans(from: string, condition: Sql): Sql {
  // Names of results may not hide the columns that they are made of.
  return sql`(
  SELECT TraceId, SpanId, ${raw(mergedColumns.map((text) => `\n    ${text}`).join(","))}
  FROM ${raw(from)}
  WHERE ${condition}
  GROUP BY TraceId, SpanId
  SETTINGS prefer_column_name_to_alias = 1)`;
}
