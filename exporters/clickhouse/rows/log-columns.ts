import type { OtlpMessage } from "../../../otlp/json-message.ts";
import { resourceColumns, scopeColumns } from "./owner-columns.ts";
import { attributesType, column, type RowColumn, timeType, tokenType } from "./row-column.ts";
import { anyValueText, attributeTexts, idText, nanosText } from "./values.ts";

type LogRecord = OtlpMessage<"LogRecord">;

/** When a record happened, or was seen where its sender does not say. Digits of nanoseconds since the epoch. */
export function timeOfLog({ timeUnixNano = "0", observedTimeUnixNano }: LogRecord): string | undefined {
  return timeUnixNano === "0" ? observedTimeUnixNano : timeUnixNano;
}

/** Whose rows are that did not come through here, such as those of before the column: nobody's, as no project is called so. */
const noProject = "unknown";

/**
 * The columns of `otel_logs`, those of the widely used schema and the project: the one list that makes CREATE TABLE, INSERT and
 * rows.
 */
export const logColumns = {
  record: [
    column("Timestamp", timeType, (log) => nanosText(timeOfLog(log))),
    column("TraceId", "String", ({ traceId }) => idText(traceId)),
    column("SpanId", "String", ({ spanId }) => idText(spanId)),
    // The lower eight bits are W3C trace flags, the others are reserved.
    column("TraceFlags", "UInt8", ({ flags = 0 }) => flags & 0xff),
    column("SeverityText", tokenType, ({ severityText }) => severityText),
    // Known are 1 to 24; what no UInt8 holds is unspecified.
    column("SeverityNumber", "UInt8", ({ severityNumber = 0 }) => (severityNumber > 0xff ? 0 : severityNumber)),
    column("Body", "String", ({ body }) => anyValueText(body)),
    column("LogAttributes", attributesType, ({ attributes }) => attributeTexts(attributes)),
    column("EventName", "String", ({ eventName }) => eventName),
  ] satisfies RowColumn<LogRecord>[] as readonly RowColumn<LogRecord>[],
  resource: resourceColumns(tokenType),
  scope: scopeColumns(tokenType, tokenType),
  project: [
    {
      ...column("ProjectId", tokenType, (project: string) => project),
      ddl: `${tokenType} DEFAULT '${noProject}' CODEC(ZSTD(1))`,
      hasOwnDefault: true,
    },
  ] satisfies RowColumn<string>[] as readonly RowColumn<string>[],
};
