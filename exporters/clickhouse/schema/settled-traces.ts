import type { ColumnDefinition } from "../encode/column-group.ts";
import { settledColumn, settledTableSchema } from "./settled-table.ts";
import type { TableSchema } from "./table-schema.ts";

export const settledTracesTable = "settled_traces";

/** What traces are listed by: the fields of the API, and their values. */
export const listedFields = {
  name: { column: "Name", type: "Nullable(String)" },
  status: { column: "Status", type: "LowCardinality(String)" },
  span_count: { column: "SpanCount", type: "UInt64" },
  duration_ms: { column: "Duration", type: "Nullable(Float64)" },
  cost: { column: "Cost", type: "Nullable(Float64)" },
} as const;

export type ListedField = keyof typeof listedFields;
export const listOrders = ["asc", "desc"] as const;
export type ListOrder = (typeof listOrders)[number];

/**
 * Traces of a list: one member per trace, in the order of the list, in which nothing comes last and of equals the lesser id
 * comes first.
 */
export function listColumns(field: ListedField, order: ListOrder) {
  const list = `${order === "asc" ? "Least" : "Greatest"}${listedFields[field].column}`;
  return { values: `${list}Values`, ids: `${list}Ids`, places: `${list}Places` } as const;
}

/** 1 for a trace with errors, and the hours of its first and last row after that of the stretch, in one number (expressions). */
export function placeOf(hasErrors: string, first: string, last: string): string {
  return `toUInt8(${errorPlace} * (${hasErrors}) + ${hourPlaces} * (${first}) + ${last})`;
}

/** The parts of such a number. */
export function partsOfPlace(place: string) {
  return {
    hasErrors: `${place} >= ${errorPlace}`,
    first: `intDiv(${place} % ${errorPlace}, ${hourPlaces})`,
    last: `${place} % ${hourPlaces}`,
  } as const;
}

/** More than the hours of a stretch and those after it. */
const hourPlaces = 8;
const errorPlace = hourPlaces ** 2;

const statuses = ["unset", "ok", "error"] as const;

/** Kinds of traces that are counted apart, in the order of the counts. */
export const countedKinds = statuses.flatMap((status) => [false, true].map((hasErrors) => ({ status, hasErrors })));

const packed = "CODEC(LZ4)";

function column(name: string, type: string): ColumnDefinition {
  return settledColumn(name, type, packed);
}

const lists = (Object.keys(listedFields) as ListedField[]).flatMap((field) =>
  listOrders.flatMap((order) => {
    const { values, ids, places } = listColumns(field, order);
    return [
      column(values, `Array(${listedFields[field].type})`),
      column(ids, "Array(UUID)"),
      // `placeOf`
      column(places, "Array(UInt8)"),
    ];
  }),
);

/**
 * The first traces of each order, so that a list need not go through all traces for them. What is first of all hours is among
 * the first of some hours.
 */
export const settledTracesSchema: TableSchema = settledTableSchema({
  table: settledTracesTable,
  name: "settled traces",
  codec: packed,
  columns: [
    // What the roll-up of traces counted of these hours and those beside. As much as it says now: nothing has come since.
    column("Mark", "Int64"),
    // Traces that begin in these hours: more than are in a list, or all.
    column("Traces", "UInt64"),
    // Traces that may have rows elsewhere: their places in lists, if they have some, are those of a part of them.
    column("Unsure", "Array(UUID)"),
    // How many others there are of each of `countedKinds`. None where traces without a root are the rule.
    column("Counts", "Array(UInt64)"),
    ...lists,
  ],
  // A row holds thousands of traces.
  granularity: 1,
});
