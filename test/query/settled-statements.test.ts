import { describe, expect, it } from "vitest";
import { sessionLists } from "../../exporters/clickhouse/schema/settled-session-lists.ts";
import type { Reader, StoreTables } from "../../query/reader.ts";
import { rowsStatement, settleStatement } from "../../query/series/settle.ts";
import { rowsPerHour, rowsWhenSettled, settledStatement } from "../../query/series/settled.ts";
import type { SeriesRequest } from "../../query/series/statements.ts";
import type { SumFilter } from "../../query/sessions/filter.ts";
import { firstSessionsStatement } from "../../query/sessions/lists/settle.ts";
import {
  listedSumsStatement,
  liveSessionsStatement,
  stretchBoundsStatement,
} from "../../query/sessions/lists/statements.ts";
import { daysStatement } from "../../query/sessions/rows/days.ts";
import { settledSessionRowsStatement } from "../../query/sessions/rows/read.ts";
import { keptDaysStatement, rowsOfDay } from "../../query/sessions/rows/settle.ts";
import { sessionSumsStatement } from "../../query/sessions/sums/settle.ts";
import {
  settledCandidatesStatement,
  settledMarksStatement,
  settledTotalsStatement,
} from "../../query/sessions/sums/statements.ts";
import { hourCountsStatement } from "../../query/settled/counted-hours.ts";
import { partsStatement } from "../../query/settled/parts.ts";
import { countsStatement, rangeStatement, touchedStatement } from "../../query/settled/settler.ts";
import { scopeOfStretch, stretchCountsStatement } from "../../query/settled/trace-stretch.ts";
import { indexStatement } from "../../query/traces/index/settle.ts";
import {
  type IndexedFilter,
  indexedCountStatement,
  indexedStretchesStatement,
  indexedTracesStatement,
} from "../../query/traces/index/statements.ts";
import { firstTracesStatement } from "../../query/traces/lists/settle.ts";
import {
  keptTracesStatement,
  type ListedFilter,
  stretchEndsStatement,
  taggedTracesStatement,
  unsureTracesStatement,
} from "../../query/traces/lists/statements.ts";
import { settledRowsStatement } from "../../query/traces/rows/read.ts";
import { rowsOfStretch } from "../../query/traces/rows/settle.ts";
import { rootlessTracesStatement, scopeOfHours } from "../../query/traces/scattered.ts";
import { countedStretchesStatement, liveCountStatement } from "../../query/traces/settled-count.ts";
import { dirtyStatement } from "../../query/traces/stretch-traces.ts";

const names = [
  "spans",
  "traces",
  "sessions",
  "spanSeries",
  "settledSessions",
  "settledTraces",
  "settledTraceIndex",
  "settledTraceRows",
  "settledSessionLists",
  "settledSessionDays",
  "settledSessionRows",
] as const;
const attack = "'; DROP TABLE spans; --";
const tables = {
  ...Object.fromEntries(names.map((name) => [name, name])),
  rollUps: { database: attack, traces: attack, sessions: attack },
} as unknown as StoreTables;
const reader = { tables } as Reader;
const stretch = { project: attack, hour: 21_600, mark: 5 };
const series: SeriesRequest = {
  ...{ project: attack, tables, metric: "tokens", groupBy: "model", repeated: [] },
  ...{ from: 0n, to: 7_200_000_000_000n, bucketSeconds: 3_600, filter: { model: attack, has_error: true } },
};
const hours = { settled: [0, 21_600], live: [43_200] };

const byCost: ListedFilter = { sortBy: "cost", sortOrder: "desc", limit: 50, offset: 0 };
const dearest: SumFilter = { sortBy: "cost", sortOrder: "desc", limit: 50, offset: 0 };
const newest: IndexedFilter = { sortBy: "started_at", sortOrder: "desc", limit: 50, offset: 0 };
const tag = { key: attack, values: [attack] };
const byAll: IndexedFilter = {
  ...{ sortBy: "cost", sortOrder: "asc", limit: 50, offset: 0, after: { key: "0.5", id: attack }, names: [attack] },
  ...{ status: "ok", hasError: false, createdAfter: 1n, createdBefore: 2n, durationMin: 1, costMax: 2 },
};
const share = { index: 0, of: 1 };
const made = { scope: scopeOfStretch(reader, stretch, share), Version: 7, dirtyIds: [attack] };
const keys = { settled: hours.settled, need: 60 };
const [sessionsOfDay, dayOfSessions] = rowsOfDay(tables, { day: attack, mark: attack, version: 7 });
const counted = { status: "ok", hasError: true } as const;

/** Every statement of what is added up beforehand. */
const statements = {
  "hours of all projects": rangeStatement("traces"),
  "days to which something has come": touchedStatement("traces", 60),
  "what is counted of hours": countsStatement("traces", 1, 24),
  "rows around an hour of series": rowsStatement(reader, stretch),
  "sums of an hour of series": settleStatement(series, stretch, 101),
  "rows per hour of series": rowsPerHour(series),
  "marks of hours of series": rowsWhenSettled(series),
  "settled hours of series": settledStatement(series, [{ from: 0n, to: 3_600_000_000_000n }]),
  "what is counted around a stretch": stretchCountsStatement(reader, stretch),
  "sums of a stretch of sessions": sessionSumsStatement(reader, stretch, { share: { index: 0, of: 1 }, limit: 101 }),
  "sums of a share of a stretch of sessions": sessionSumsStatement(reader, stretch, {
    share: { index: 1, of: 3 },
    limit: 101,
  }),
  "parts of the roll-up and of what is made of it": partsStatement(tables),
  "what is counted per hour": hourCountsStatement(attack, tables),
  "what is counted per hour of some days": hourCountsStatement(attack, tables, [attack]),
  "marks of stretches of sessions": settledMarksStatement(attack, "settledSessions"),
  "sessions by settled cost": settledCandidatesStatement(attack, tables, hours, { sortBy: "cost", need: 50 }),
  "sessions by settled duration": settledCandidatesStatement(attack, tables, hours, { sortBy: "duration", need: 50 }),
  "sessions by settled traces": settledCandidatesStatement(attack, tables, hours, { sortBy: "trace_count", need: 50 }),
  "first sessions of a stretch": firstSessionsStatement(tables, stretch, 500),
  "bounds of the lists of sessions of stretches": stretchBoundsStatement(attack, tables, sessionLists[0]),
  "listed sessions by cost": listedSumsStatement(
    attack,
    tables,
    { list: sessionLists[0], filter: dearest },
    { stretches: hours.settled, need: 60 },
  ),
  "listed sessions by duration behind another": listedSumsStatement(
    attack,
    tables,
    {
      list: sessionLists[3],
      filter: {
        ...dearest,
        sortBy: "duration",
        sortOrder: "asc",
        hasError: true,
        costMin: 1,
        after: { key: "5", id: attack },
      },
    },
    { stretches: hours.settled, need: 60 },
  ),
  "sessions of live hours that may be dear": liveSessionsStatement(attack, tables, sessionLists[0], hours, {
    reach: 5,
    unlisted: 1,
    most: 501,
  }),
  "sessions of live hours that may be short": liveSessionsStatement(attack, tables, sessionLists[3], hours, {
    reach: undefined,
    unlisted: 0,
    most: 501,
  }),
  "traces whose tags fit": taggedTracesStatement(scopeOfStretch(reader, stretch, share), {
    tags: [{ key: attack, values: [attack], sessions: [attack] }],
  }),
  "first traces of a stretch": firstTracesStatement(stretch, scopeOfStretch(reader, stretch, share), {
    kept: 500,
    fromSpans: false,
  }),
  "ends of the lists of stretches": stretchEndsStatement(attack, tables, byCost),
  "kept traces by cost": keptTracesStatement(attack, tables, { ...byCost, costMin: 1, hasError: true }, keys),
  "kept traces by name behind another": keptTracesStatement(
    attack,
    tables,
    { ...byCost, sortBy: "name", sortOrder: "asc", after: { key: attack, id: attack } },
    keys,
  ),
  "dirty traces of a stretch": dirtyStatement(made.scope),
  "rows of a stretch of many dirty traces": rowsOfStretch(stretch, {
    ...made,
    dirtyIds: Array.from({ length: 201 }, () => attack),
  }).select,
  "rows of the clean traces of a stretch": rowsOfStretch(stretch, { ...made, dirtyIds: [] }).select,
  "index of a stretch of traces": indexStatement(stretch, made),
  "stretches of the index": indexedStretchesStatement(attack, tables),
  "stretches of the index, and when their traces started": indexedStretchesStatement(attack, tables, true),
  "indexed traces with tags": indexedTracesStatement(attack, tables, { ...newest, tags: [tag] }, keys),
  "indexed traces with tags of sessions, by all conditions": indexedTracesStatement(
    attack,
    tables,
    {
      ...byAll,
      tags: [
        { ...tag, sessions: [] },
        { ...tag, sessions: [attack] },
      ],
    },
    keys,
  ),
  "rows of the traces of a stretch": rowsOfStretch(stretch, made).select,
  "settled rows of traces": settledRowsStatement(attack, tables, [
    { traceId: attack, firstHour: 25_200, lastHour: 28_800 },
  ]),
  "traces that may lie elsewhere": unsureTracesStatement(attack, tables.settledTraces, hours.settled, 5),
  "traces without a root": rootlessTracesStatement(attack, tables, hours.live, 5),
  "counts of stretches": countedStretchesStatement(attack, tables),
  "number of indexed traces of some days": indexedCountStatement(
    attack,
    tables,
    { createdAfter: 1n, createdBefore: 2n },
    { settled: hours.settled, unsure: false },
  ),
  "number of indexed traces, but for those that are unsure": indexedCountStatement(
    attack,
    tables,
    { status: "ok", hasError: true, durationMin: 1, durationMax: 2, costMin: 3, costMax: 4 },
    { settled: hours.settled, unsure: true },
  ),
  "number of traces of some hours": liveCountStatement(scopeOfHours(reader, attack, hours.live), counted, {
    except: [attack],
    fromSpans: false,
  }),
  "sessions by settled cost behind another": settledCandidatesStatement(attack, tables, hours, {
    ...{ sortBy: "cost", need: 50, after: { key: "0.5", id: attack } },
  }),
  "sessions by settled cost before another": settledCandidatesStatement(attack, tables, hours, {
    ...{ sortBy: "cost", need: 50, after: { key: "0.5", id: attack }, isBefore: true },
  }),
  "rows of the sessions of a day": sessionsOfDay!.select,
  "what says that a day of sessions is kept": dayOfSessions!.select,
  "days of sessions that are kept": keptDaysStatement(tables),
  "days of sessions of a project that are kept": daysStatement(attack, tables),
  "settled rows of sessions": settledSessionRowsStatement(attack, tables, [attack]),
  "settled totals of sessions": settledTotalsStatement(attack, tables, hours.settled, [attack]),
};

describe("statements of what is added up beforehand", () => {
  for (const [name, { query, params }] of Object.entries(statements)) {
    it(`are what is committed, with every value bound: ${name}`, () => {
      expect(query).not.toContain("DROP TABLE");
      expect(query).toMatchSnapshot();
      for (const [placeholder] of query.matchAll(/\{(\w+):/g)) expect(params).toHaveProperty(placeholder.slice(1, -1));
    });
  }
});
