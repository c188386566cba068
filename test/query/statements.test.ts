import { describe, expect, it } from "vitest";
import { readsSchema } from "../../query/config.ts";
import { messagesStatement } from "../../query/messages/statement.ts";
import type { StoreTables } from "../../query/reader.ts";
import type { SessionFilter } from "../../query/sessions/filter.ts";
import {
  rowsOfDays,
  sessionCandidatesStatement,
  sessionCountStatement,
  sessionDaysStatement,
  sessionRowsStatement,
  sessionTotalsStatement,
} from "../../query/sessions/statements.ts";
import { param, sql, statementOf } from "../../query/sql.ts";
import {
  effectiveTags,
  newestTags,
  sessionsOfTagStatement,
  spanTagCondition,
  waitingStatement,
} from "../../query/tags.ts";
import { spanWritesStatement } from "../../query/traces/counted.ts";
import type { TraceFilter } from "../../query/traces/filter.ts";
import {
  candidatesStatement,
  countOfAllStatement,
  countStatement,
  elsewhereStatement,
  hoursStatement,
  nearestStatement,
} from "../../query/traces/list-statements.ts";
import { countsStatement, traceHoursStatement, tracesStatement } from "../../query/traces/read.ts";
import { rollUpRowsStatement } from "../../query/traces/roll-up.ts";
import { rootsStatement } from "../../query/traces/roots.ts";
import { rowsOfHours, rowsOfKeys, rowsOfSessions } from "../../query/traces/statements.ts";

const tables: StoreTables = {
  spans: "spans",
  traces: "traces",
  rollUps: { database: "otel", traces: "traces", sessions: "sessions" },
  spanSeries: "span_series",
  settledSessions: "settled_sessions",
  settledTraces: "settled_traces",
  settledTraceIndex: "settled_trace_index",
  settledTraceRows: "settled_trace_rows",
  settledSessionLists: "settled_session_lists",
  settledSessionDays: "settled_session_days",
  settledSessionRows: "settled_session_rows",
  sessions: "sessions",
  ids: "ids",
  signals: "signals",
  attachments: "attachments",
  attachmentData: "data",
  logs: "logs",
};
const project = "7e0c6f3a-1111-4222-8333-944455556666";
const attack = "'; DROP TABLE spans; --";
const tags = [{ key: attack, values: [attack, "b"] }];
const page = { sortOrder: "desc", limit: 50, offset: 0 } as const;
const bounds = { createdAfter: 1n, createdBefore: 2_000_000n, names: [attack], hasError: true };
const totals = { durationMin: 1, durationMax: 2, costMin: 3, costMax: 4, tags };
const traceFilter: TraceFilter = { ...page, ...bounds, ...totals, sortBy: "cost", status: "ok", sessionId: attack };
const sessionFilter: SessionFilter = { ...page, ...bounds, ...totals, sortBy: "cost" };
const scope = { project, tables, rows: [rowsOfHours(3600, 7200)] };
const roots = [{ traceId: attack, startNs: 5n, name: attack }];

/** Every statement of traces and sessions. */
const statements = {
  "hours of traces": hoursStatement(project, "traces", {}),
  "hours of traces that came within bounds": hoursStatement(project, "traces", bounds),
  "hours of traces that came within a long time": hoursStatement(project, "traces", {
    createdAfter: 0n,
    createdBefore: 200_000_000_000_000n,
  }),
  "hours of the newest traces": nearestStatement(project, "traces", page, { most: 100, isNear: true }),
  "hours of the oldest traces": nearestStatement(
    project,
    "traces",
    { ...page, sortOrder: "asc" },
    { most: 100, isNear: true },
  ),
  "hours of the newest traces that came within bounds": nearestStatement(
    project,
    "traces",
    { ...page, ...bounds },
    { most: 100, isNear: false },
  ),
  "hours of the newest traces behind another": nearestStatement(
    project,
    "traces",
    { ...page, after: { key: "7200000000005", id: attack } },
    { most: 100, isNear: true },
  ),
  "hours of the oldest traces behind another, however far": nearestStatement(
    project,
    "traces",
    { ...page, sortOrder: "asc", after: { key: "7200000000005", id: attack } },
    { most: 100, isNear: false },
  ),
  "traces of a window that have rows elsewhere": elsewhereStatement(project, tables, [attack], {
    from: 3600,
    to: 7200,
  }),
  "traces by cost behind another": candidatesStatement(
    scope,
    { ...page, sortBy: "cost", after: { key: "0.1", id: attack } },
    { need: 50, fromSpans: false },
  ),
  "traces by status behind another": candidatesStatement(
    scope,
    { ...page, sortBy: "status", after: { key: attack, id: attack } },
    { need: 50, fromSpans: false },
  ),
  "traces without a duration behind another": candidatesStatement(
    scope,
    { ...page, sortBy: "duration_ms", after: { key: null, id: attack } },
    { need: 50, fromSpans: false },
  ),
  "traces by name from a long one on": candidatesStatement(
    scope,
    { ...page, sortBy: "name", after: { begin: attack, passed: 3 } },
    { need: 50, fromSpans: false },
  ),
  "traces by name from a long one on, the least first": candidatesStatement(
    scope,
    { ...page, sortBy: "name", sortOrder: "asc", after: { begin: attack, passed: 3 } },
    { need: 50, fromSpans: false },
  ),
  "newest traces": candidatesStatement(
    scope,
    { ...page, sortBy: "started_at" },
    { need: 50, fromSpans: false, window: { from: 3600, to: 7200 } },
  ),
  "keys of traces behind another": candidatesStatement(
    scope,
    { ...page, sortBy: "started_at", after: { key: "5", id: attack } },
    { need: 50, fromSpans: false, keysAlone: true },
  ),
  "traces by every condition": candidatesStatement(scope, traceFilter, { need: 50, fromSpans: false }),
  "traces by cost, dirty ones from their spans": candidatesStatement(
    scope,
    { ...page, sortBy: "cost" },
    { need: 50, fromSpans: true },
  ),
  "number of traces": countStatement(scope, traceFilter, false),
  "number of all traces": countOfAllStatement(scope),
  "rows of a page of traces": rollUpRowsStatement({ project, tables, rows: [rowsOfKeys([[3600, attack]])] }),
  "a page of traces of many spans": tracesStatement({ project, tables, rows: [rowsOfKeys([[3600, attack]])] }),
  "writes of spans of dirty traces": spanWritesStatement({ project, tables, rows: [], dirtyIds: [attack] }, 5),
  "numbers of dirty traces": countsStatement({ project, tables, rows: [], dirtyIds: [attack] }),
  "traces of a session": tracesStatement({
    project,
    tables,
    rows: [rowsOfSessions(project, tables, sql`SessionId = ${param("String", attack)}`)],
  }),
  "hours of a trace": traceHoursStatement(tables, project, attack),
  "root spans": rootsStatement("spans", project, roots, { isSure: true, most: 5 }),
  "root spans that were written often": rootsStatement("spans", project, roots, { isSure: false }),
  "messages of spans in log records": messagesStatement({ tables, bounds: readsSchema.parse({}) }, project, [
    { TraceId: attack, SpanId: attack, StartedAt: "2026-03-01T10:00:00.5Z", EndedAt: "2026-03-01T10:00:02.000000Z" },
  ]),
  "days of sessions": sessionDaysStatement("sessions"),
  "newest sessions": sessionCandidatesStatement(
    { project, tables, rows: [rowsOfDays({ from: 1, to: 2 })] },
    { ...page, sortBy: "created_at" },
    { need: 50, window: { from: 1, to: 2 } },
  ),
  "sessions by every condition": sessionCandidatesStatement({ project, tables, rows: [] }, sessionFilter, { need: 50 }),
  "sessions behind another": sessionCandidatesStatement(
    { project, tables, rows: [] },
    { ...page, sortBy: "created_at", after: { key: "5", id: attack } },
    { need: 50 },
  ),
  "sessions by name behind another": sessionCandidatesStatement(
    { project, tables, rows: [] },
    { ...page, sortBy: "name", after: { key: attack, id: attack } },
    { need: 50 },
  ),
  "sessions by cost behind another": sessionCandidatesStatement(
    { project, tables, rows: [] },
    { ...page, sortBy: "cost", after: { key: "0.5", id: attack } },
    { need: 50 },
  ),
  "sessions by traces before another": sessionCandidatesStatement(
    { project, tables, rows: [] },
    { ...page, sortBy: "trace_count", after: { key: "5", id: attack } },
    { need: 50, isBefore: true },
  ),
  "sessions by duration behind one that has none": sessionCandidatesStatement(
    { project, tables, rows: [] },
    { ...page, sortBy: "duration", after: { key: null, id: attack } },
    { need: 50 },
  ),
  "number of sessions": sessionCountStatement({ project, tables, rows: [] }, sessionFilter),
  "a page of sessions": sessionRowsStatement({ project, tables, rows: [] }),
  "a page of sessions and the hours of their traces": sessionRowsStatement({ project, tables, rows: [] }, "hours"),
  "totals of sessions": sessionTotalsStatement(project, tables, [{ sessionId: attack }], false),
  "totals of sessions whose days are known": sessionTotalsStatement(
    project,
    tables,
    [{ sessionId: attack, days: { from: 1, to: 2 } }],
    false,
  ),
  "spans by effective tags": statementOf(sql`SELECT 1 WHERE ${spanTagCondition(tags, { project, tables })!}`),
  "spans by a tag of no session": statementOf(
    sql`SELECT 1 WHERE ${spanTagCondition([{ ...tags[0]!, sessions: [] }], { project, tables })!}`,
  ),
  "sessions of a tag": sessionsOfTagStatement(tags[0]!, project, tables, { most: 101, isWaiting: false }),
  "sessions of a tag that may wait for them": sessionsOfTagStatement(tags[0]!, project, tables, {
    most: 101,
    isWaiting: true,
  }),
  "whether tags wait for their sessions": waitingStatement(project, tables),
  "number of traces by a tag of known sessions": countStatement(
    scope,
    { tags: [{ ...tags[0]!, sessions: [attack] }] },
    false,
  ),
  "number of traces by a tag of no session": countStatement(scope, { tags: [{ ...tags[0]!, sessions: [] }] }, false),
};

describe("statements of the API", () => {
  for (const [name, { query, params }] of Object.entries(statements)) {
    it(`are what is committed, with every value bound: ${name}`, () => {
      expect(query).not.toContain("DROP TABLE");
      expect(query).toMatchSnapshot();
      for (const [placeholder] of query.matchAll(/\{(\w+):/g)) expect(params).toHaveProperty(placeholder.slice(1, -1));
    });
  }

  it("bind a value once", () => {
    const value = param("String", "x");
    expect(statementOf(sql`SELECT ${value}, ${param("String", "x")}, ${param("String", "y")}`)).toEqual({
      query: "SELECT {p1: String}, {p1: String}, {p2: String}",
      params: { p1: "x", p2: "y" },
    });
  });
});

describe("tags", () => {
  it("hold by their newest version, of equal versions the greater value", () => {
    expect(
      newestTags([
        ["a", "1", 2],
        ["a", "9", 1],
        ["b", "x", 1],
        ["b", "y", 1],
      ]),
    ).toEqual({ a: "1", b: "y" });
  });

  it("of a span stand over its trace's, and these over its session's", () => {
    expect(effectiveTags({ a: "s", b: "s", c: "s" }, { b: "t", c: "t" }, { c: "own" })).toEqual({
      a: "s",
      b: "t",
      c: "own",
    });
  });
});
