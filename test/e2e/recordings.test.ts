import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clickhouseConfigSchema } from "../../exporters/clickhouse/config.ts";
import { ClickHouseExporter } from "../../exporters/clickhouse/exporter.ts";
import { decodeTracesJson } from "../../otlp/decode-json.ts";
import { jsonToProtobuf } from "../../otlp/json-to-protobuf.ts";
import type { Consumer } from "../../pipeline/component.ts";
import { loadComponents } from "../../pipeline/components.ts";
import { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { SpanRead } from "../../query/spans/model.ts";
import { readSpan } from "../../query/spans/read.ts";
import { countItems } from "../../receivers/otlp/count-items.ts";
import { testReader } from "../query/support.ts";
import { startTestClickHouse, type TestClickHouse } from "../support/clickhouse.ts";
import { testSettings } from "../support/doubles.ts";
import { type RowTruth, readRecordings, type SelectableSpan, selectSpans } from "../support/recordings.ts";

type Row = Readonly<Record<string, unknown>> & { readonly SpanName: string; readonly SpanId: string };
type Image = NonNullable<RowTruth["images"]>[number];

const recordings = readRecordings();

/** Columns that say "none" by 0 as well as by NULL. */
const zeroIsNone = new Set(["OutputTokens", "CacheReadTokens", "CacheWriteTokens", "ReasoningTokens"]);

describe("recorded instrumentations", () => {
  let server: TestClickHouse;
  let exporter: ClickHouseExporter;
  let first: Consumer<SpanBatch>;

  beforeAll(async () => {
    server = await startTestClickHouse();
    const config = clickhouseConfigSchema.parse({ endpoint: server.url, database: server.database });
    exporter = new ClickHouseExporter(config, testSettings({ signals: ["traces", "logs"] }));
    await exporter.start();
    const { processors } = await loadComponents();
    first = ["genai", "cost", "images"].reduceRight<Consumer<SpanBatch>>((next, type) => {
      const factory = processors.find((one) => one.type === type)!;
      return factory.create(factory.configSchema.parse({}), next, testSettings({ id: type }));
    }, exporter);
    // One after the other, as they would have come; the blocks are gathered meanwhile.
    const stored: Promise<void>[] = [];
    for (const { text, logs } of recordings) {
      if (logs !== undefined) stored.push(exporter.consume(logsOf(logs)));
      stored.push(first.consume(decodeTracesJson(Buffer.from(text)).batch));
    }
    await Promise.all(stored);
  });
  afterAll(async () => {
    await exporter.shutdown(AbortSignal.timeout(5_000));
    await server.stop();
  });

  async function rowsOf(spans: readonly SelectableSpan[]): Promise<ReadonlyMap<string, Row>> {
    const ids = spans.map(({ spanId }) => `'${spanId}'`).join(",");
    const rows = await server.query<Row>(`SELECT * FROM otel_traces WHERE SpanId IN (${ids}) ORDER BY Timestamp`);
    return new Map(rows.map((row) => [row.SpanId, row]));
  }

  function imagesOf({ SpanId }: Row): Promise<Image[]> {
    return server.query(
      `SELECT AttachmentId AS sha256, MediaType AS mediaType, Width AS width, Height AS height FROM attachments FINAL
       WHERE SpanId = '${SpanId}' ORDER BY Ordinal`,
    );
  }

  it("are there", () => {
    expect(recordings.length).toBeGreaterThan(20);
  });

  it.each(recordings)("$name: the rows say what the call was", async ({ text, truth }) => {
    const spans = spansOf(text);
    const rows = await rowsOf(spans);
    const [found, wanted]: [string[], string[]] = [[], []];
    for (const { select, expect: facts } of truth.spans) {
      const [span] = selectSpans(spans, select);
      const row = rows.get(span!.spanId);
      if (row === undefined) throw new Error(`span "${select.name}" is not stored`);
      const images = facts.images === undefined ? [] : await imagesOf(row);
      for (const [fact, value] of Object.entries(facts)) {
        const place = `${select.name} #${select.nth ?? 0}`;
        found.push(line(place, fact, seen(row, fact, value, images)));
        wanted.push(line(place, fact, value));
      }
    }
    for (const [fact, value] of Object.entries(truth.trace)) {
      if (fact === "llmCalls") continue;
      found.push(line("trace", fact, ofTrace([...rows.values()], fact, value)));
      wanted.push(line("trace", fact, value));
    }
    expect(found).toEqual(wanted);
  });

  it.each(recordings.filter(({ logs }) => logs !== undefined))(
    "$name: spans are read with what log records say of them",
    async ({ text, truth }) => {
      const reader = testReader(server);
      const spans = spansOf(text);
      const [found, wanted]: [string[], string[]] = [[], []];
      for (const { select, logged = {} } of truth.spans) {
        const [span] = selectSpans(spans, select);
        const read = await readSpan(reader, "", span!.spanId);
        for (const [fact, value] of Object.entries(logged)) {
          const place = `${select.name} #${select.nth ?? 0}`;
          found.push(line(place, fact, seen(rowOf(read!), fact, value, [])));
          wanted.push(line(place, fact, value));
        }
      }
      expect(found).toEqual(wanted);
    },
  );

  it("have no base64 left in any row", async () => {
    const rows = await server.query(
      `SELECT SpanName, ScopeName FROM otel_traces
       WHERE toString(SpanAttributes) LIKE '%iVBORw0KGgo%' OR Input LIKE '%iVBORw0KGgo%' OR Output LIKE '%iVBORw0KGgo%'
          OR toString(Events.Attributes) LIKE '%iVBORw0KGgo%'`,
    );
    expect(rows).toEqual([]);
  });
});

function logsOf(text: string): OtlpBatch {
  const request = jsonToProtobuf("logs", Buffer.from(text));
  return new OtlpBatch("logs", [request], countItems("logs", request));
}

/** What the API says of a span, by the names of the columns that hold it otherwise. */
function rowOf({ name: SpanName, id: SpanId, input_data: Input, output_data: Output }: SpanRead): Row {
  const answers = JSON.parse(Output ?? "[]") as { parts: { type: string }[]; finish_reason: string }[];
  const calls = answers.flatMap(({ parts }) => parts.filter(({ type }) => type === "tool_call"));
  const FinishReasons = answers.map(({ finish_reason }) => finish_reason);
  return { SpanName, SpanId, Input, Output, FinishReasons, ToolCalls: JSON.stringify(calls) };
}

function line(place: string, fact: string, value: unknown): string {
  return `${place}: ${fact} = ${JSON.stringify(value)}`;
}

function spansOf(text: string): SelectableSpan[] {
  const request = JSON.parse(text) as { resourceSpans: { scopeSpans: { spans: SelectableSpan[] }[] }[] };
  return request.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

/** What the row says of a fact, in the form of the truth. */
function seen(row: Row, fact: string, wanted: unknown, images: unknown): unknown {
  if (fact === "images") return images;
  if (fact.endsWith("Contains")) {
    const text = String(row[fact.slice(0, -"Contains".length)]);
    if (typeof wanted === "string") return text.includes(wanted) ? wanted : text;
    return (wanted as string[]).map((part) =>
      text.includes(part) || text.includes(JSON.stringify(part).slice(1, -1)) ? part : text,
    );
  }
  const value = row[fact];
  if (fact === "ToolCalls") return toolCalls(String(value));
  if (zeroIsNone.has(fact)) return Number(value ?? 0);
  return typeof wanted === "number" && value !== null ? Number(value) : value;
}

/** Ids are the server's own. */
function toolCalls(text: string): unknown {
  if (text === "") return text;
  return (JSON.parse(text) as { name: string; arguments: unknown }[]).map((call) => ({
    name: call.name,
    arguments: call.arguments,
  }));
}

function ofTrace(rows: readonly Row[], fact: string, wanted: unknown): unknown {
  const column = fact.charAt(0).toUpperCase() + fact.slice(1);
  if (typeof wanted === "number") return rows.reduce((sum, row) => sum + Number(row[column] ?? 0), 0);
  return rows.some((row) => row[column] === wanted) ? wanted : rows.map((row) => row[column]);
}
