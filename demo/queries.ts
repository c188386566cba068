import { runAttribute } from "./send.ts";

/** A question to ClickHouse, in words and in SQL that can be pasted as it is. */
export interface Question {
  readonly title: string;
  readonly sql: string;
}

/** The questions that the demo answers, of the columns that the processors have filled. */
export function questionsOf(database: string, runId: string): readonly Question[] {
  const ofRun = `FROM ${database}.otel_traces\nWHERE ResourceAttributes['${runAttribute}'] = '${runId}'`;
  return [
    {
      title: "What came of the same call in five dialects?",
      sql: `SELECT Dialect AS dialect, Provider AS provider, RequestModel AS model,
       InputTokens AS input, CacheReadTokens AS cached, OutputTokens AS output, round(Cost, 6) AS usd,
       length(AttachmentIds) AS pictures, arrayStringConcat(found.names, ', ') AS signals
FROM ${database}.otel_traces AS spans
LEFT JOIN (SELECT SpanId, arraySort(groupUniqArray(Name)) AS names FROM ${database}.signals FINAL GROUP BY SpanId) AS found
       ON found.SpanId = spans.SpanId
WHERE ResourceAttributes['${runAttribute}'] = '${runId}'
  AND ServiceName = 'gallery'
ORDER BY Timestamp`,
    },
    {
      title: "Which pictures were taken out of the spans?",
      sql: `SELECT substring(AttachmentId, 1, 12) AS sha256, MediaType AS type, Width AS width, Height AS height, Bytes AS bytes
FROM ${database}.attachments FINAL
WHERE TraceId IN (SELECT TraceId ${ofRun.replaceAll("\n", " ")})
ORDER BY Timestamp`,
    },
    {
      title: "What do the models cost?",
      sql: `SELECT RequestModel AS model,
       count() AS spans,
       countIf(StatusCode = 'Error') AS errors,
       sum(InputTokens) AS input_tokens,
       sum(OutputTokens) AS output_tokens,
       round(sum(Cost), 4) AS usd,
       round(quantile(0.95)(Duration) / 1e6) AS p95_ms
${ofRun}
  AND OperationKind IN ('llm', 'embedding')
GROUP BY model
ORDER BY usd DESC, model`,
    },
    {
      title: "Which sessions were the longest?",
      sql: `SELECT SessionName AS session,
       any(UserId) AS user,
       any(ServiceName) AS service,
       uniqExact(TraceId) AS traces,
       countIf(OperationKind = 'llm') AS llm_calls,
       sum(TotalTokens) AS tokens,
       round(sum(Cost), 4) AS usd,
       countIf(StatusCode = 'Error') AS errors
${ofRun}
  AND session != ''
GROUP BY session
ORDER BY traces DESC, tokens DESC, session
LIMIT 8`,
    },
    {
      title: "Which signals were found?",
      sql: `SELECT Name AS signal, EntityType AS of, Category AS kind, Source AS rule, count() AS times
FROM ${database}.signals FINAL
WHERE TraceId IN (SELECT TraceId ${ofRun.replaceAll("\n", " ")})
GROUP BY ALL
ORDER BY times DESC, signal`,
    },
    {
      title: "What went wrong?",
      sql: `SELECT ServiceName AS service, SpanName AS span, ErrorType AS error, count() AS times
${ofRun}
  AND has(Events.Name, 'exception')
GROUP BY service, span, error
ORDER BY times DESC, service, span
LIMIT 8`,
    },
  ];
}

/** The spans of one trace of nested agents. */
export function traceQuestion(database: string, runId: string): Question {
  return {
    title: "What did the agents do in the largest trace?",
    sql: `SELECT SpanId, ParentSpanId, SpanName, StatusCode, Duration / 1e6 AS ms, OutputTokens AS output_tokens, Cost AS usd
FROM ${database}.otel_traces
WHERE TraceId = (SELECT TraceId
                 FROM ${database}.otel_traces
                 WHERE ResourceAttributes['${runAttribute}'] = '${runId}'
                 GROUP BY TraceId
                 ORDER BY count() DESC, TraceId
                 LIMIT 1)
ORDER BY Timestamp, Duration DESC`,
  };
}

/** How many spans of the run can be seen. */
export function countQuery(database: string, runId: string): string {
  return `SELECT count() AS spans FROM ${database}.otel_traces WHERE ResourceAttributes['${runAttribute}'] = '${runId}'`;
}
