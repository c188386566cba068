import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ensureTables } from "../../exporters/clickhouse/schema/ensure.ts";
import { logsSchema } from "../../exporters/clickhouse/schema/otel-logs.ts";
import { uuidOfSpan } from "../../pipeline/ids.ts";
import { type Reader, stoppedBy } from "../../query/reader.ts";
import { readSpan, readSpans } from "../../query/spans/read.ts";
import type { Statement } from "../../query/sql.ts";
import { readWholeTrace } from "../../query/traces/whole.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { testSettings } from "../support/doubles.ts";
import { midnight, project, startTestStore, type TestStore, testReader, traceDigits, traceUuid } from "./support.ts";

let server: TestClickHouse;
let store: TestStore;

beforeAll(async () => {
  ({ server, store } = await startTestStore());
});
afterAll(() => server.stop());
beforeEach(() => store.empty());

const spanDigits = (span: number): string => span.toString(16).padStart(16, "0");

/** A reader that notes its statements. */
function watched(bounds: object = {}): { readonly reader: Reader; readonly asked: Statement[] } {
  const reader = testReader(server, bounds);
  const asked: Statement[] = [];
  const noting: Reader = {
    ...stoppedBy(new AbortController().signal, reader),
    rows: (statement, options) => {
      asked.push(statement);
      return reader.rows(statement, options);
    },
  };
  return { reader: noting, asked };
}

const ofLogs = (asked: readonly Statement[]): number => asked.filter(({ query }) => query.includes("otel_logs")).length;

describe("where no pipeline stores logs", () => {
  it("spans are read as they are, and the server is asked once for a while", async () => {
    await store.spans({ trace: 1, span: 1, kind: "llm", lasts: 5 });
    const { reader, asked } = watched();
    for (let times = 0; times < 3; times++) {
      expect(await readSpan(reader, project, spanDigits(1))).toMatchObject({ input_data: null, output_data: null });
    }
    expect(ofLogs(asked)).toBe(1);
  });
});

describe("messages in log records", () => {
  beforeAll(async () => {
    const { logger } = testSettings();
    await ensureTables(server.client, { ddl: store.ddl, schemas: [logsSchema("otel_logs")], create: true, logger });
  });

  async function log(trace: number, span: number, ...contents: readonly string[]): Promise<void> {
    const values = contents.map((content, index) => ({
      ...{ ProjectId: project, TraceId: traceDigits(trace), SpanId: spanDigits(span) },
      Timestamp: new Date(midnight + index).toISOString(),
      EventName: "gen_ai.user.message",
      Body: JSON.stringify({ content }),
    }));
    const clickhouse_settings = { date_time_input_format: "best_effort" } as const;
    await server.client.insert({ table: "otel_logs", values, format: "JSONEachRow", clickhouse_settings });
  }

  it("are asked for by one statement where spans lack messages, and by none where no span does", async () => {
    const own = { trace: 1, kind: "llm", lasts: 5, input: "own" };
    await store.spans({ ...own, span: 1 }, { ...own, span: 2 }, { trace: 1, span: 3, kind: "tool", lasts: 5 });
    const ids = [1, 2, 3, 4, 5].map((span) => ({ traceId: traceDigits(1), spanId: spanDigits(span) }));
    const without = watched();
    await readSpans(without.reader, project, ids);
    await readWholeTrace({ reader: without.reader, project, id: traceUuid(1), limit: 100 });
    expect(ofLogs(without.asked)).toBe(0);
    await store.spans({ trace: 1, span: 4, kind: "llm", lasts: 5 }, { trace: 1, span: 5, kind: "llm", lasts: 5 });
    const { reader, asked } = watched();
    await readSpans(reader, project, ids);
    expect(ofLogs(asked)).toBe(1);
    await readWholeTrace({ reader, project, id: traceUuid(1), limit: 100 });
    expect(ofLogs(asked)).toBe(2);
  });

  it.each([
    ["max_message_records", 7, { max_message_records: 3 }],
    ["max_message_bytes", 8, { max_message_bytes: "700B" }],
  ])("are left out, with a warning, of spans whose records are more than %s", async (_name, trace, bounds) => {
    await store.spans(...[1, 2, 3].map((span) => ({ trace, span, kind: "llm", lasts: 5 })));
    await log(trace, 1, "a".repeat(200));
    await log(trace, 2, "b".repeat(200), "c".repeat(200));
    await log(trace, 3, "d".repeat(200));
    const whole = await readWholeTrace({
      reader: testReader(server, bounds),
      project,
      id: traceUuid(trace),
      limit: 100,
    });
    const found = whole!.spans.map(({ id, input_data, warnings }) => [
      id,
      input_data === null ? 0 : (JSON.parse(input_data) as unknown[]).length,
      warnings.map(({ code }) => code),
    ]);
    expect(found).toEqual([
      [uuidOfSpan(spanDigits(1)), 1, []],
      [uuidOfSpan(spanDigits(2)), 2, []],
      [uuidOfSpan(spanDigits(3)), 0, ["messages_left_out"]],
    ]);
  });
});
