import { runAttribute } from "./send.ts";

/** A question to ClickHouse, in words and in SQL that can be pasted as it is. */
export interface Question {
  readonly title: string;
  readonly sql: string;
}

/** The questions that the demo answers. Everything is in the attributes that the SDK sent. */
export function questionsOf(database: string, runId: string): readonly Question[] {
  const ofRun = `FROM ${database}.otel_traces\nWHERE ResourceAttributes['${runAttribute}'] = '${runId}'`;
  return [
    {
      title: "What do the models cost in tokens and time?",
      sql: `SELECT SpanAttributes['gen_ai.request.model'] AS model,
       count() AS spans,
       countIf(StatusCode = 'Error') AS errors,
       sum(toUInt64OrZero(SpanAttributes['gen_ai.usage.input_tokens'])) AS input_tokens,
       sum(toUInt64OrZero(SpanAttributes['gen_ai.usage.output_tokens'])) AS output_tokens,
       round(quantile(0.95)(Duration) / 1e6) AS p95_ms
${ofRun}
  AND model != ''
GROUP BY model
ORDER BY spans DESC, model`,
    },
    {
      title: "Which sessions were the longest?",
      sql: `SELECT SpanAttributes['session.id'] AS session,
       any(SpanAttributes['user.id']) AS user,
       any(ServiceName) AS service,
       uniqExact(TraceId) AS traces,
       countIf(SpanAttributes['gen_ai.operation.name'] = 'chat') AS llm_calls,
       sum(toUInt64OrZero(SpanAttributes['gen_ai.usage.input_tokens']) +
           toUInt64OrZero(SpanAttributes['gen_ai.usage.output_tokens'])) AS tokens,
       countIf(StatusCode = 'Error') AS errors
${ofRun}
  AND session != ''
GROUP BY session
ORDER BY traces DESC, tokens DESC, session
LIMIT 8`,
    },
    {
      title: "What went wrong?",
      sql: `SELECT ServiceName AS service, SpanName AS span, SpanAttributes['error.type'] AS error, count() AS times
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
    sql: `SELECT SpanId, ParentSpanId, SpanName, StatusCode, Duration / 1e6 AS ms,
       toUInt64OrZero(SpanAttributes['gen_ai.usage.output_tokens']) AS output_tokens
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
