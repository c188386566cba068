import { uuidOfSpan, uuidOfTrace } from "../pipeline/ids.ts";
import { runAttribute } from "./send.ts";
import type { Row } from "./store.ts";

/** What of a run is shown through the API: its dearest trace, the session of that, and a span that has signals. */
export interface Sights {
  readonly traceId: string;
  readonly sessionId: string;
  readonly spanId: string;
}

/** Ids as the store has them, of the run `runId`. */
export function sightsQuery(database: string, runId: string): string {
  const ofRun = `ResourceAttributes['${runAttribute}'] = '${runId}'`;
  return `SELECT TraceId AS traceId, max(SessionId) AS sessionId,
       argMax(SpanId, (SpanId IN (SELECT SpanId FROM ${database}.signals WHERE EntityType = 'span'), Cost)) AS spanId
FROM ${database}.otel_traces
WHERE ${ofRun}
  AND SessionId != ''
GROUP BY traceId
ORDER BY sum(Cost) DESC, traceId
LIMIT 1`;
}

/** A question to the API: where it is asked, and which members of the answer are shown. */
interface ApiQuestion {
  readonly title: string;
  readonly url: string;
  readonly columns: readonly string[];
}

function questionsOf(api: string, { traceId, sessionId, spanId }: Sights): readonly ApiQuestion[] {
  return [
    {
      title: "The dearest trace of the last hour, with its spans (GET /traces/{id})",
      url: `${api}/traces/${uuidOfTrace(traceId)}`,
      columns: ["name", "status", "span_count", "duration_ms", "cost", "error_count"],
    },
    {
      title: "Its session (GET /sessions/{id})",
      url: `${api}/sessions/${encodeURIComponent(sessionId)}`,
      columns: ["name", "trace_count", "duration", "cost", "error_count"],
    },
    {
      title: "The signals of one of its spans (GET /signals/entity/span/{id})",
      url: `${api}/signals/entity/span/${uuidOfSpan(spanId)}`,
      columns: ["name", "value", "type"],
    },
    {
      title: "The newest traces (GET /traces)",
      url: `${api}/traces?limit=5`,
      columns: ["name", "started_at", "span_count", "cost"],
    },
  ];
}

/** The answers of the API to questions about `sights`, each with the line that asks it again. */
export async function askApi(api: string, sights: Sights, format: (rows: readonly Row[]) => string): Promise<string> {
  const parts = [`\nThe same through the API (${api}/docs has every route)`];
  for (const { title, url, columns } of questionsOf(api, sights)) {
    const rows = (await get(url)).map((answer) =>
      Object.fromEntries(columns.map((name) => [name, cellOf(answer[name])])),
    );
    parts.push(`\n${title}\n\n  curl -sS '${url}'\n\n${format(rows)}`);
  }
  return parts.join("\n");
}

/** @throws {Error} nothing answers, or with an error */
async function get(url: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`GET ${url}: ${response.status} ${await response.text()}`);
  const answer = (await response.json()) as Record<string, unknown> | Record<string, unknown>[];
  return Array.isArray(answer) ? answer : [answer];
}

function cellOf(value: unknown): string | number | null {
  if (typeof value === "number") return Math.round(value * 1e6) / 1e6;
  return value === null || value === undefined ? null : String(value);
}

/** Asked once before, so that a Signalbox without the extension ends the demo with what it has shown. */
export async function hasApi(api: string): Promise<boolean> {
  try {
    return (await fetch(`${api}/health`)).ok;
  } catch {
    // Nothing listens: that is the answer.
    return false;
  }
}
