import { settledColumn, settledTableSchema } from "./settled-table.ts";
import { packed, textTableSchema } from "./settled-texts.ts";
import { wholePartitions } from "./table-schema.ts";

export const settledSessionDaysTable = "settled_session_days";
export const settledSessionRowsTable = "settled_session_rows";

/** Days of arrival of which `settledSessionRowsTable` has all sessions. `Hour` is the first of the day. */
export const settledSessionDaysSchema = settledTableSchema({
  table: settledSessionDaysTable,
  name: "settled days of sessions",
  codec: packed,
  columns: [
    // What was stored in the day's partition of the roll-up (`PartitionParts.Blocks`). The same now: all of it is kept.
    settledColumn("Mark", "String", packed),
  ],
  granularity: 1_024,
});

/**
 * What pages show of a session, one row for each day on which something of it came: what the roll-up says of it (`sessionOfText`), ""
 * where that is too much for a text. The roll-up is sorted by days, of which each has
 * to be looked into for a session; here its days stand beside each other.
 */
export const settledSessionRowsSchema = textTableSchema({
  table: settledSessionRowsTable,
  name: "settled rows of sessions",
  // `keyOfSession`
  columns: [settledColumn("Id", "UUID", packed)],
  orderBy: "(ProjectId, Id, Hour)",
  // An id may be in any part, and each has to be looked into: rows of a day are added once, to those of a month.
  settings: [wholePartitions],
});
