import {
  countedKinds,
  type ListedField,
  type ListOrder,
  listColumns,
  listedFields,
  listOrders,
  placeOf,
  settledTracesTable,
} from "../../../exporters/clickhouse/schema/settled-traces.ts";
import type { Reader } from "../../reader.ts";
import type { SettledRow, Settlement, SettleOptions, Stretch } from "../../settled/settlement.ts";
import {
  mostTraces,
  type StretchCounts,
  scopeOfStretch,
  sharesOf,
  traceStretches,
  whileQuiet,
} from "../../settled/trace-stretch.ts";
import { raw, type Statement, sql, statementOf } from "../../sql.ts";
import { inOrder } from "../select.ts";
import { dirtyScope, type TraceScope } from "../statements.ts";
import { mostDirty, mostNamed, stretchTraces, unsureAggregates } from "../stretch-traces.ts";

/*
 * The row of a stretch of settled traces: the first of the traces that begin in it, in each order of a list.
 */

/** Traces of each order that a row keeps: as many as the longest page has. No option: of more, the roll-up is read. */
const keptTraces = 500;

/** Bytes of the longest name in an order by name. No option: where there are longer ones, the roll-up is read. */
const mostNameBytes = 200;

/** @param options given by tests only */
export function traceListSettlement(options: { readonly tracesPerStatement?: number; readonly kept?: number } = {}) {
  const limits = { tracesPerStatement: mostTraces, kept: keptTraces, ...options };
  return {
    table: settledTracesTable,
    rows: ({ settledTraces }) => settledTraces,
    ...traceStretches,
    settle: (reader, stretch, { signal }) => settleLists(reader, stretch, { ...limits, signal }),
  } satisfies Settlement;
}

interface ListsOptions extends SettleOptions {
  readonly tracesPerStatement: number;
  readonly kept: number;
}

type Values = readonly (string | number | null)[];

/** What is said of a share of the traces. Each list is three columns. */
type ShareRow = Readonly<Record<string, Values>> & {
  readonly Traces: number;
  /** Ids of some that have to be counted from their spans; they are in no list. */
  readonly Dirty: readonly string[];
  /** Those whose ids are not of the form that is kept. */
  readonly Others: number;
  /** Those that go on beyond what is looked at. */
  readonly Long: number;
  readonly Unsure: readonly string[];
  readonly Counts: readonly number[];
};

/** @returns undefined: something has come, too many traces go on elsewhere, or the id of one is none of OpenTelemetry's */
export function settleLists(
  reader: Reader,
  stretch: Stretch,
  { tracesPerStatement, kept, signal }: ListsOptions,
): Promise<SettledRow | undefined> {
  const make = async (counts: StretchCounts): Promise<SettledRow | undefined> => {
    const shares: ShareRow[] = [];
    for (const share of sharesOf(counts, tracesPerStatement)) {
      shares.push(...(await sharesRows(reader, stretch, scopeOfStretch(reader, stretch, share), { kept, signal })));
    }
    if (shares.some(({ Others, Long }) => Others > 0 || Long > mostNamed)) return undefined;
    return {
      ProjectId: stretch.project,
      Hour: stretch.hour,
      Version: Number(counts.Version),
      Mark: stretch.mark,
      Traces: shares.reduce((sum, { Traces }) => sum + Traces, 0),
      Unsure: shares.flatMap(({ Unsure }) => Unsure),
      Counts: summed(shares.map(({ Counts }) => Counts)),
      ...Object.assign({}, ...allLists.map((list) => joined(shares, list, kept))),
    };
  };
  return whileQuiet(reader, stretch, make, { signal });
}

/**
 * What is said of the traces of a scope. Where few have to be counted from their spans, they are a share of their own: to put
 * all together takes the server twice as long.
 */
async function sharesRows(
  reader: Reader,
  stretch: Stretch,
  scope: TraceScope,
  { kept, signal }: Pick<ListsOptions, "kept" | "signal">,
): Promise<readonly ShareRow[]> {
  const ask = (of: TraceScope, fromSpans: boolean): Promise<ShareRow[]> =>
    reader.rows<ShareRow>(firstTracesStatement(stretch, of, { kept, fromSpans }), { signal });
  const clean = await ask(scope, false);
  const dirtyIds = clean.flatMap(({ Dirty }) => Dirty);
  if (dirtyIds.length === 0) return clean;
  if (dirtyIds.length > mostDirty) return ask(scope, true);
  return [...clean, ...(await ask(dirtyScope(scope, dirtyIds), true))];
}

/** @returns none where a share has none */
function summed(counts: readonly (readonly number[])[]): readonly number[] {
  if (counts.some((ofShare) => ofShare.length === 0)) return [];
  return countedKinds.map((_, kind) => counts.reduce((sum, ofShare) => sum + ofShare[kind]!, 0));
}

/** A list of a row. */
interface List {
  readonly sortBy: ListedField;
  readonly sortOrder: ListOrder;
}

const allLists: readonly List[] = (Object.keys(listedFields) as ListedField[]).flatMap((sortBy) =>
  listOrders.map((sortOrder) => ({ sortBy, sortOrder })),
);

/** The list of all shares. None where a share has none. */
function joined(shares: readonly ShareRow[], list: List, kept: number): Readonly<Record<string, Values>> {
  const columns = listColumns(list.sortBy, list.sortOrder);
  const isMissing = shares.some((share) => share[columns.values]!.length < Math.min(kept, share.Traces));
  const members = shares.flatMap((share) =>
    share[columns.values]!.map((value, index) => ({
      sortKey: value === null ? null : String(value),
      traceId: String(share[columns.ids]![index]),
      value,
      place: share[columns.places]![index]!,
    })),
  );
  const first = isMissing ? [] : shares.length === 1 ? members : members.toSorted(inOrder(list)).slice(0, kept);
  return {
    [columns.values]: first.map(({ value }) => value),
    [columns.ids]: first.map(({ traceId }) => traceId),
    [columns.places]: first.map(({ place }) => place),
  };
}

/** Members of the tuple of a trace, by which the server names them. */
const members = { number: 1, id: 2, place: 3, name: 4, status: 5, span_count: 6, duration_ms: 7, cost: 8 } as const;

/** The first traces of each order, of those that begin in a stretch. @param scope as `scopeOfStretch`, or a part of it */
export function firstTracesStatement(
  stretch: Stretch,
  scope: TraceScope,
  { kept, fromSpans }: { readonly kept: number; readonly fromSpans: boolean },
): Statement {
  const names = allLists.map((list) => ({ list, columns: listColumns(list.sortBy, list.sortOrder) }));
  const member = (name: keyof typeof members): string => `arrayMap(t -> t.${members[name]}, `;
  const columns = names.map(
    ({ list: { sortBy }, columns: { values, ids, places } }, index) =>
      `${member(sortBy)}list${index}) AS ${values}, ${member("id")}list${index}) AS ${ids}, ${member("place")}list${index}) AS ${places}`,
  );
  const counts = countedKinds.map(({ status, hasErrors }) => {
    const isOfKind = `status = '${status}' AND ${hasErrors ? "" : "NOT "}hasErrors`;
    return `countIf(begins AND NOT isLong AND NOT isRootless AND ${isOfKind})`;
  });
  const lists = names.map(({ list }, index) => `${firstOf(list, kept)} AS list${index}`);
  const trace = `status, hasErrors, (reinterpretAsUInt128(reverse(unhex(TraceId))), TraceId, ${placeOf("hasErrors", "firstOffset", "lastOffset")},
    name, status, spanCount, durationMs, cost) AS trace`;
  const derived = ["name", "status", "hasErrors", "durationMs", "cost"] as const;
  return statementOf(sql`SELECT Traces, Dirty, Others, Long, Unsure, Counts,
  ${raw(columns.join(",\n  "))}
FROM (
  SELECT length(traces) AS Traces, Dirty, Others, Long, Unsure, if(areMostRootless, [], kinds) AS Counts,
  ${raw(lists.join(",\n  "))}
  FROM (
    SELECT groupArrayIf(trace, begins) AS traces, groupArrayIf(${raw(String(mostDirty + 1))})(TraceId, dirty) AS Dirty,
      ${raw(unsureAggregates)},
      [${raw(counts.join(", "))}] AS kinds
    FROM (
${stretchTraces(stretch, scope, { fromSpans, columns: derived, made: trace })}
    )
  )
)`);
}

/** The first of an array of such tuples: as `orderBy` sorts. */
function firstOf({ sortBy, sortOrder }: List, kept: number): string {
  const value = `t.${members[sortBy]}`;
  const sorted =
    sortOrder === "asc"
      ? `arrayPartialSort(t -> (isNull(${value}), ${value}, t.1), ${kept}, traces)`
      : `arrayPartialReverseSort(t -> (isNotNull(${value}), ${value}, bitNot(t.1)), ${kept}, traces)`;
  const first = `arraySlice(${sorted}, 1, ${kept})`;
  if (sortBy !== "name") return first;
  const isLong = `arrayExists(t -> length(ifNull(${value}, '')) > ${mostNameBytes}, ${first})`;
  return `arraySlice(${first}, 1, if(${isLong}, 0, ${kept}))`;
}
