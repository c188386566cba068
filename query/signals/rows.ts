import { uuidOfSpan, uuidOfTrace } from "../../pipeline/ids.ts";
import { type Hours, hourOf, inHours } from "../hours.ts";
import type { StoreTables } from "../reader.ts";
import { allOf, anyOf, nothing, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";
import type { SignalEntityType, SignalRead, SignalSummary, SignalValues } from "./model.ts";

/** A signal as it is read from the store. */
export interface SignalRow {
  readonly SignalId: string;
  readonly EntityType: SignalEntityType;
  readonly EntityId: string;
  readonly TraceId: string;
  readonly SpanId: string;
  readonly Name: string;
  readonly Category: SignalRead["type"];
  readonly BoolValue: boolean;
  readonly NumValue: number;
  readonly TextValue: string;
  readonly Source: string;
  readonly CreatedAt: string;
}

export const signalColumns =
  "SignalId, EntityType, EntityId, TraceId, SpanId, Name, Category, BoolValue, NumValue, TextValue, Source, CreatedAt";

export interface SignalSource {
  readonly project: string;
  readonly tables: StoreTables;
}

/** The newest signal of each name of some entities. @param ids as stored */
export function currentSignals(
  { project, tables }: SignalSource,
  type: SignalEntityType,
  ids: readonly string[],
): Statement {
  return currentSignalsOf({ project, tables }, [[type, ids]]);
}

/** The same of entities of several types. */
export function currentSignalsOf(
  { project, tables }: SignalSource,
  entities: readonly (readonly [type: SignalEntityType, ids: readonly string[]])[],
): Statement {
  const ofType = entities.map(
    ([type, ids]) => sql`(EntityType = ${param("String", type)} AND EntityId IN ${param("Array(String)", ids)})`,
  );
  return statementOf(sql`SELECT ${raw(signalColumns)}
FROM ${raw(tables.signals)}
WHERE ${allOf([ofProject(project), anyOf(ofType)])}
ORDER BY CreatedAt DESC, SignalId DESC
LIMIT 1 BY EntityType, EntityId, Name`);
}

/** Which signals a list has. Times are texts for DateTime64(9). */
export interface SignalFilter {
  readonly name?: string | undefined;
  readonly type?: string | undefined;
  readonly entity_type?: string | undefined;
  readonly entity_id?: string | undefined;
  readonly created_after?: string | undefined;
  readonly created_before?: string | undefined;
  /** Hours of arrival that are looked into. */
  readonly hours?: Hours | undefined;
}

/** Signals of a project, the newest first. */
export function listSignals(
  source: SignalSource,
  filter: SignalFilter,
  {
    limit,
    offset,
    after,
  }: { readonly limit: number; readonly offset: number; readonly after?: SignalPosition | undefined },
): Statement {
  // A signal that was stored again has not been merged away yet: one row of an identity is shown.
  return statementOf(sql`SELECT ${raw(signalColumns)}
FROM ${raw(source.tables.signals)}
WHERE ${signalConditions(source, filter)}${after === undefined ? nothing : sql`\n  AND ${behind(after)}`}
ORDER BY CreatedAt DESC, SignalId DESC, EntityType, EntityId
LIMIT 1 BY EntityType, EntityId, Name, SignalId
LIMIT ${param("UInt64", limit)} OFFSET ${param("UInt64", offset)}`);
}

/** The last signal of an earlier page. */
export interface SignalPosition {
  readonly created: string;
  readonly signalId: string;
  readonly entityType: string;
  readonly entityId: string;
}

function behind({ created, signalId, entityType, entityId }: SignalPosition): Sql {
  const at = sql`(CreatedAt, SignalId)`;
  const last = sql`(${param("DateTime64(3, 'UTC')", created)}, ${param("String", signalId)})`;
  const ids = sql`(${param("String", entityType)}, ${param("String", entityId)})`;
  return sql`(${at} < ${last} OR (${at} = ${last} AND (EntityType, EntityId) > ${ids}))`;
}

/** The hours in which signals have arrived, of any project: known without reading rows. */
export function hoursOfSignals({ tables }: SignalSource): Statement {
  return statementOf(sql`SELECT ${hourOf("minOrNull(CreatedAt)")} AS First, ${hourOf("maxOrNull(CreatedAt)")} AS Last
FROM ${raw(tables.signals)}`);
}

export function countSignals(source: SignalSource, filter: SignalFilter): Statement {
  return statementOf(sql`SELECT uniqExact(EntityType, EntityId, Name, SignalId) AS Count
FROM ${raw(source.tables.signals)}
WHERE ${signalConditions(source, filter)}`);
}

/** Per name and category: how many entities have it now, and what its values are. */
export function summariseSignals(source: SignalSource, filter: SignalFilter): Statement {
  return statementOf(sql`SELECT Name, Category, EntityType, count() AS Count,
  countIf(BoolValue) AS TrueCount,
  if(Category = 'numerical', avg(NumValue), NULL) AS Average,
  if(Category = 'numerical', min(NumValue), NULL) AS Least,
  if(Category = 'numerical', max(NumValue), NULL) AS Greatest,
  if(Category = 'categorical', approx_top_count(20, 200)(TextValue), []) AS Words,
  max(CreatedAt) AS LastAt
FROM (
  SELECT EntityType, EntityId, Name, Category, BoolValue, NumValue, TextValue, CreatedAt
  FROM ${raw(source.tables.signals)}
  WHERE ${signalConditions(source, filter)}
  ORDER BY CreatedAt DESC, SignalId DESC
  LIMIT 1 BY EntityType, EntityId, Name)
GROUP BY Name, Category, EntityType
ORDER BY Count DESC, Name, Category, EntityType
LIMIT 1000`);
}

function signalConditions({ project }: SignalSource, filter: SignalFilter): Sql {
  const text = (column: string, value: string | undefined): Sql | undefined =>
    value === undefined ? undefined : sql`${raw(column)} = ${param("String", value)}`;
  const time = (comparison: string, value: string | undefined): Sql | undefined =>
    value === undefined ? undefined : sql`CreatedAt ${raw(comparison)} ${param("DateTime64(9, 'UTC')", value)}`;
  return allOf([
    ofProject(project),
    text("EntityType", filter.entity_type),
    text("EntityId", filter.entity_id),
    text("Name", filter.name),
    text("Category", filter.type),
    time(">=", filter.created_after),
    time("<=", filter.created_before),
    ...inHours("CreatedAt", filter.hours ?? {}),
  ]);
}

export function signalValue({ Category, BoolValue, NumValue, TextValue }: SignalRow): boolean | number | string {
  if (Category === "boolean") return BoolValue;
  return Category === "numerical" ? NumValue : TextValue;
}

/** The id of what a signal is of, as the API names it. */
function entityIdOf({ EntityType, EntityId }: SignalRow): string {
  if (EntityType === "span") return uuidOfSpan(EntityId);
  return EntityType === "trace" ? uuidOfTrace(EntityId) : EntityId;
}

export function signalOf(row: SignalRow): SignalRead {
  return {
    id: uuidOfTrace(row.SignalId),
    name: row.Name,
    value: signalValue(row),
    type: row.Category,
    signal_type: row.Category,
    entity_type: row.EntityType,
    entity_id: entityIdOf(row),
    trace_id: row.TraceId === "" ? null : uuidOfTrace(row.TraceId),
    span_id: row.SpanId === "" ? null : uuidOfSpan(row.SpanId),
    source: row.Source,
    created_at: row.CreatedAt,
  };
}

/** Signals of entities by their stored ids. @param rows the newest of each name, the newest first */
export function valuesByEntity(rows: readonly SignalRow[]): ReadonlyMap<string, SignalValues> {
  const byEntity = new Map<string, [string, SignalValues[string]][]>();
  for (const row of rows) {
    const signals = byEntity.get(row.EntityId) ?? [];
    signals.push([row.Name, { value: signalValue(row), type: row.Category }]);
    byEntity.set(row.EntityId, signals);
  }
  return new Map([...byEntity].map(([id, signals]) => [id, Object.fromEntries(signals)]));
}

/** A row of `summariseSignals`. */
export interface SummaryRow {
  readonly Name: string;
  readonly Category: SignalRead["type"];
  readonly EntityType: SignalEntityType;
  readonly Count: number;
  readonly TrueCount: number;
  readonly Average: number | null;
  readonly Least: number | null;
  readonly Greatest: number | null;
  readonly Words: readonly { readonly item: string; readonly count: number }[];
  readonly LastAt: string;
}

export function summaryOf(row: SummaryRow): SignalSummary {
  return {
    name: row.Name,
    type: row.Category,
    entity_type: row.EntityType,
    count: row.Count,
    true_count: row.Category === "boolean" ? row.TrueCount : null,
    avg: row.Average,
    min: row.Least,
    max: row.Greatest,
    values: row.Words.map(({ item, count }) => ({ value: item, count })),
    last_at: row.LastAt,
  };
}
