import { describe, expect, it } from "vitest";
import { attachmentData, attachmentOfSpan, attachmentsOfSpan } from "../../query/attachments/rows.ts";
import { idRowsStatement } from "../../query/places.ts";
import type { Reader, StoreTables } from "../../query/reader.ts";
import { repeatedStatement } from "../../query/repeated.ts";
import { signalSeries } from "../../query/series/signals.ts";
import { seriesMetrics, repeatedScope as seriesScope, seriesStatement } from "../../query/series/statements.ts";
import {
  countSignals,
  currentSignals,
  hoursOfSignals,
  listSignals,
  summariseSignals,
} from "../../query/signals/rows.ts";
import { hoursStatement } from "../../query/spans/hours.ts";
import { countOfSpans, pageOfSpans, repeatedScope, type SpanPageRequest } from "../../query/spans/list.ts";
import { findSpanStatement } from "../../query/spans/read.ts";
import { rowsOfSpan, rowsOfSpans, rowsOfTrace } from "../../query/spans/row.ts";
import { sessionsStatement, tracesStatement, waitingTagsStatement } from "../../query/spans/surroundings.ts";
import { nodesOfTrace } from "../../query/traces/tree.ts";

const names = ["spans", "traces", "sessions", "spanSeries", "signals", "attachments", "attachmentData"] as const;
const tables = Object.fromEntries(names.map((name) => [name, name])) as unknown as StoreTables;
const source = { project: "p", tables };
const reader = { tables } as Reader;
const uuid = "0af76519-16cd-43dd-8448-eb211c80319c";

const page: SpanPageRequest = {
  ...source,
  filter: {},
  hours: { from: 490_000, to: 490_002 },
  repeated: [],
  order: { by: "started_at", descending: true },
  limit: 50,
  offset: 0,
};
const filter = {
  ...{
    id: uuid,
    trace_id: uuid,
    parent_span_id: null,
    session_id: uuid,
    span_kind: "llm",
    names: ["a"],
    error_codes: ["e"],
  },
  ...{
    created_after: "2026-01-01 00:00:00.000000000",
    created_before: "2026-01-02 00:00:00.000000000",
    has_error: true,
  },
  ...{ duration_min: 1, duration_max: 2, cost_min: 3, cost_max: 4, tags: [{ key: "env", values: ["prod"] }] },
};
const after = { value: "0.5", spanId: "s", traceId: "t" };
const series = {
  ...{
    ...source,
    from: 0n,
    to: 7_200_000_000_000n,
    bucketSeconds: 3_600,
    groupBy: "model",
    filter: {},
    repeated: ["t1"],
  },
};
const signalFilter = { name: "n", type: "boolean", entity_type: "span", entity_id: "e", hours: { from: 1, to: 2 } };

const statements = {
  "spans, newest": () => pageOfSpans(page),
  "spans, every filter": () => pageOfSpans({ ...page, filter }),
  "spans, some of them several times": () => pageOfSpans({ ...page, repeated: ["t1"], offset: 5 }),
  "spans, many of them several times": () => countOfSpans({ ...page, repeated: "many" }),
  "spans by id, put together": () => pageOfSpans({ ...page, filter: { id: uuid }, hours: {}, repeated: "all" }),
  "spans behind a cursor": () => pageOfSpans({ ...page, order: { by: "cost", descending: false }, after }),
  "spans behind a cursor without a value": () =>
    pageOfSpans({ ...page, order: { by: "cost", descending: true }, after: { ...after, value: null } }),
  "traces with repeated spans": () => repeatedStatement(repeatedScope({ ...page, filter: { trace_id: uuid } })),
  "hours of a project": () => hoursStatement(reader, "p", {}),
  "hours of a trace": () => hoursStatement(reader, "p", { trace_id: uuid }),
  "hours of a session": () => hoursStatement(reader, "p", { session_id: uuid }),
  "hours of arrivals": () => hoursStatement(reader, "p", { created_after: filter.created_after }),
  "hours of arrivals of a day": () =>
    hoursStatement(reader, "p", { created_after: "2026-03-01 00:00:00.000000", created_before: "2026-03-02 00:00:00" }),
  "hours of a span": () => hoursStatement(reader, "p", { id: uuid }),
  "rows of an id": () => idRowsStatement("ids", "s"),
  "a span": () => rowsOfSpan({ project: "p", table: "spans" }, "s", []),
  "where a span is": () => findSpanStatement("spans", "p", "s", []),
  "whole spans": () => rowsOfSpans({ project: "p", table: "spans" }, [{ traceId: "t", spanId: "s" }]),
  "rows of a trace": () => rowsOfTrace({ project: "p", table: "spans" }, "t", [], 11),
  "tags of traces": () => tracesStatement({ project: "p", reader }, ["t"]),
  "tags of sessions": () => sessionsStatement({ project: "p", reader }, ["s"]),
  "tags of sessions that wait with traces": () => waitingTagsStatement({ project: "p", reader }, ["s"]),
  "the tree of a trace": () => nodesOfTrace(source, uuid, [], 100_000),
  "current signals": () => currentSignals(source, "span", ["s"]),
  "signals, every filter": () =>
    listSignals(source, signalFilter, {
      ...{ limit: 10, offset: 0 },
      after: { created: "2026-01-01 00:00:00.000", signalId: "i", entityType: "span", entityId: "e" },
    }),
  "count of signals": () => countSignals(source, {}),
  "summary of signals": () => summariseSignals(source, {}),
  "hours of signals": () => hoursOfSignals(source),
  "attachments of a span": () => attachmentsOfSpan(source, "t", "s"),
  "an attachment": () => attachmentOfSpan(source, "t", "s", "a"),
  "bytes of an attachment": () => attachmentData(source, "a", 10),
  "series of signals": () => signalSeries({ ...source, from: 0n, to: 1n, bucketSeconds: 60, name: "n", limit: 5 }),
  "latency where no span is stored twice": () =>
    seriesStatement({ ...series, metric: "latency", repeated: [] }, 100_000),
  "traces with repeated spans of a series": () => repeatedStatement(seriesScope({ ...series, metric: "cost" })),
};

describe("statements of reads", () => {
  it.each(Object.entries(statements))("%s", (_title, make) => {
    const { query, params } = make()!;
    expect(`${query}\n\n${JSON.stringify(params, undefined, 2)}\n`).toMatchSnapshot();
  });

  it.each(seriesMetrics)("series of %s", (metric) => {
    const { query, params } = seriesStatement({ ...series, metric }, 100_000);
    expect(`${query}\n\n${JSON.stringify(params, undefined, 2)}\n`).toMatchSnapshot();
  });
});
