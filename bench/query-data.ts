import type { TestClickHouse } from "../test/support/clickhouse.ts";
import { optionOf } from "./option.ts";

/*
 * Spans made by ClickHouse itself, in the order in which they would have come.
 */

export const benchProject = "7e0c6f3a-1111-4222-8333-944455556666";
export const firstDay = "2026-10-01";
/** `--days=3` asks for others than 30: the same number of spans in less time, or as many a day in a smaller table. */
export const days = Number(optionOf("days") ?? 30);
const spansPerTrace = 10;
const rowsPerStatement = 400_000;

const words =
  "the a customer order refund shipping invoice please check status of number returned delayed account payment card address " +
  "update cancel thank you sorry we have sent it to your email within three business days policy agent tool result search " +
  "index vector model answer question context system user assistant data table row total price currency euro dollar item " +
  "stock warehouse carrier tracking label weight";

/**
 * Fills otel_traces, and what views fill from it: traces of ten spans over some days, a quarter of them LLM spans with 1 KB of
 * input and output and one of 12 models; 20 services, 60 span names, 2 % errors; three fifths of the traces in sessions of
 * about three, within an hour (of half of the traces, the root span alone names it); a fifth of the traces tagged, on spans and
 * on the trace; every 100,000th span twice. Beside them, a project with a busy hour.
 */
export async function fillStore(server: TestClickHouse, spans: number): Promise<void> {
  for (let from = 0; from < spans; from += rowsPerStatement) {
    await insert(server, insertSpans(from, Math.min(rowsPerStatement, spans - from), spans));
  }
  await insert(server, `INSERT INTO otel_traces SELECT * FROM otel_traces WHERE cityHash64(SpanId) % 100000 = 0`);
  await insert(server, insertTraceTags(spans));
  await insert(server, busyHour);
  await mergeEndedDays(server);
}

/** What the server does by itself an hour after the last row of a day: days of the roll-ups become one part each. */
async function mergeEndedDays(server: TestClickHouse): Promise<void> {
  const lastDay = `toDate('${firstDay}') + ${days - 1}`;
  for (const table of ["traces", "sessions"]) {
    const partitions = await server.query<{ id: string }>(
      `SELECT DISTINCT partition_id AS id FROM system.parts
       WHERE active AND database = currentDatabase() AND table = '${table}' AND partition < toString(${lastDay})`,
    );
    for (const { id } of partitions) await insert(server, `OPTIMIZE TABLE ${table} PARTITION ID '${id}' FINAL`);
  }
}

async function insert({ client }: TestClickHouse, query: string): Promise<void> {
  await client.command({ query, clickhouse_settings: blocks });
}

const blocks = {
  max_insert_block_size: "100000",
  min_insert_block_size_rows: "100000",
  min_insert_block_size_bytes: "0",
  max_threads: 1,
  max_partitions_per_insert_block: "0",
  send_progress_in_http_headers: 1,
  http_headers_progress_interval_ms: "10000",
} as const;

/** Trace ids are hashes of the number of the trace, span ids of the number of the span. */
function insertSpans(from: number, count: number, spans: number): string {
  const traces = spans / spansPerTrace;
  const nanosPerTrace = Math.floor((days * 86_400e9) / traces);
  return `INSERT INTO otel_traces (Timestamp, Duration, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, ResourceAttributes, SpanAttributes, StatusCode, ProjectId, OperationKind, Provider, RequestModel, ResponseModel, InputTokens, OutputTokens, TotalTokens, Cost, InputCost, OutputCost, SessionId, SessionName, Input, Output, Tags, ErrorType, ErrorMessage, CreatedAt)
WITH
  splitByChar(' ', '${words}') AS words,
  arrayMap(i -> arrayStringConcat(arrayMap(j -> words[1 + cityHash64(i, j) % length(words)], range(14)), ' '), range(2000)) AS sentences,
  intDiv(number, 10) AS t, number % 10 AS p,
  cityHash64(number, 1) AS h, cityHash64(t, 2) AS th,
  toDateTime64('${firstDay} 00:00:00', 9, 'UTC') AS t0,
  toInt64(t * ${nanosPerTrace}) + toInt64(p * 150000000 + h % 100000000) AS offset,
  (p IN (3, 7) OR (p = 5 AND th % 2 = 0)) AS isLlm,
  th % 10 < 6 AS hasSession,
  h % 50 = 0 AS isError,
  bitShiftRight(h, 8) % 12 AS model,
  200 + bitShiftRight(h, 16) % 4000 AS inTokens, 20 + bitShiftRight(h, 32) % 900 AS outTokens
SELECT
  addNanoseconds(t0, offset) AS Timestamp,
  if(p = 0, 2000000000 + th % 3000000000, 1000000 + h % 900000000) AS Duration,
  lower(hex(sipHash128(t))) AS TraceId,
  lower(hex(cityHash64(number, 's'))) AS SpanId,
  if(p = 0, '', lower(hex(cityHash64(t * 10 + intDiv(p - 1, 2), 's')))) AS ParentSpanId,
  concat(['POST /chat', 'plan', 'db.query', 'chat', 'tool.search', 'rerank', 'http.get', 'chat.final', 'cache.get', 'render'][p + 1], ' ', toString(th % 6)) AS SpanName,
  if(p = 0, 'Server', 'Client') AS SpanKind,
  concat('service-', toString((th + p) % 20)) AS ServiceName,
  map('service.name', concat('service-', toString((th + p) % 20)), 'service.version', '2.14.1', 'host.name', concat('ip-10-0-12-', toString(th % 40)), 'deployment.environment.name', 'production', 'telemetry.sdk.language', 'nodejs') AS ResourceAttributes,
  if(isLlm, map('gen_ai.operation.name', 'chat', 'gen_ai.request.temperature', '0.7', 'gen_ai.response.id', concat('chatcmpl-', hex(h)), 'server.address', 'api.example.com'),
    map('http.request.method', 'GET', 'http.route', '/orders/:id', 'url.path', concat('/orders/', toString(h % 1000000)), 'http.response.status_code', '200', 'client.address', concat('10.0.', toString(h % 256), '.', toString(bitShiftRight(h, 8) % 256)))) AS SpanAttributes,
  multiIf(isError, 'Error', h % 3 = 0, 'Ok', 'Unset') AS StatusCode,
  '${benchProject}' AS ProjectId,
  if(isLlm, 'llm', ['agent', 'generic', 'database', 'llm', 'tool', 'vector_store', 'http', 'llm', 'database', 'generic'][p + 1]) AS OperationKind,
  if(isLlm, ['openai', 'anthropic', 'gemini'][1 + model % 3], '') AS Provider,
  if(isLlm, concat('model-', toString(model)), '') AS RequestModel,
  RequestModel AS ResponseModel,
  if(isLlm, inTokens, NULL) AS InputTokens, if(isLlm, outTokens, NULL) AS OutputTokens, if(isLlm, inTokens + outTokens, NULL) AS TotalTokens,
  if(isLlm, inTokens * 2.5e-6 + outTokens * 1e-5 * (1 + model), NULL) AS Cost,
  if(isLlm, inTokens * 2.5e-6, NULL) AS InputCost, if(isLlm, outTokens * 1e-5 * (1 + model), NULL) AS OutputCost,
  if(hasSession AND (th % 2 = 0 OR p = 0), concat(substring(lower(hex(sipHash128((intDiv(t, 3000) * 600 + th % 600), 'x'))) AS sh, 1, 8), '-', substring(sh, 9, 4), '-', substring(sh, 13, 4), '-', substring(sh, 17, 4), '-', substring(sh, 21)), '') AS SessionId,
  if(SessionId = '', '', concat('chat-', toString((intDiv(t, 3000) * 600 + th % 600)))) AS SessionName,
  if(isLlm, arrayStringConcat(arrayMap(i -> sentences[1 + cityHash64(number, i) % 2000], range(7)), ' '), '') AS Input,
  if(isLlm, arrayStringConcat(arrayMap(i -> sentences[1 + cityHash64(number, i, 1) % 2000], range(4)), ' '), '') AS Output,
  if(th % 5 = 0, map('env', if(th % 2 = 0, 'prod', 'staging'), 'customer', concat('c', toString(bitShiftRight(th, 8) % 500))), map()) AS Tags,
  if(isError, 'TimeoutError', '') AS ErrorType, if(isError, 'timed out', '') AS ErrorMessage,
  toDateTime64(addNanoseconds(t0, offset + 4000000000), 3) AS CreatedAt
FROM numbers(${from}, ${count})`;
}

/** Another project, weeks before: its roll-up has a million traces in one hour. */
export const busyProject = "7e0c6f3a-1111-4222-8333-944455557777";
const busyHour = `
INSERT INTO traces (ProjectId, Hour, TraceId, Start, End, CreatedAt, UpdatedAt, RowCount, SpanHashes, Cost, Root, SilentRoot)
WITH addNanoseconds(toDateTime64('2026-09-01 10:00:00', 9, 'UTC'), number * 3600000) AS at
SELECT '${busyProject}', toStartOfHour(at), lower(hex(sipHash128(number, 'busy'))), at, addSeconds(at, 2), addSeconds(at, 3), addSeconds(at, 4), 10,
  arrayMap(i -> toUInt32(cityHash64(number, i)), range(10)), (cityHash64(number) % 1000) / 1e4,
  concat('0', leftPad(hex(reinterpretAsUInt64(at)), 16, '0'), 'POST /chat'), 1
FROM numbers(1000000)`;

function insertTraceTags(spans: number): string {
  const traces = spans / spansPerTrace;
  const nanosPerTrace = Math.floor((days * 86_400e9) / traces);
  return `
INSERT INTO traces (ProjectId, Hour, TraceId, CreatedAt, UpdatedAt, Tags)
WITH toDateTime64('${firstDay} 00:00:00', 9, 'UTC') AS t0, cityHash64(number, 2) AS th,
  addNanoseconds(t0, toInt64(number * ${nanosPerTrace})) AS at
SELECT '${benchProject}', toStartOfHour(at), lower(hex(sipHash128(number))), addSeconds(at, 4), addSeconds(at, 4),
  [('env', if(th % 2 = 0, 'prod', 'staging'), toUInt64(1)), ('customer', concat('c', toString(bitShiftRight(th, 8) % 500)), toUInt64(1))]
FROM numbers(${traces})
WHERE th % 5 = 0`;
}

/** A statement that makes 500 ids, as stored, of traces and of spans in them, from all of the time. */
export function someIds(spans: number): string {
  const traces = spans / spansPerTrace;
  return `WITH number * ${Math.floor(traces / 500)} AS t
SELECT lower(hex(sipHash128(t))) AS trace, lower(hex(cityHash64(t * ${spansPerTrace} + number % ${spansPerTrace}, 's'))) AS span
FROM numbers(500)`;
}
