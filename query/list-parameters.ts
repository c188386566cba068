import { bool, count, cursor, float, offset, timestamp } from "../extensions/api/http/params.ts";
import { allParameter, formatParameter } from "./export/answer.ts";

/*
 * Parameters that several lists take alike.
 */

/** When rows arrived. */
export const arrivalParameters = {
  created_after: timestamp.optional().describe("Arrived at this time or later."),
  created_before: timestamp.optional().describe("Arrived at this time or earlier."),
};

/** What lists of traces and of sessions ask of the spans in them. */
export const totalsParameters = {
  has_error: bool.optional().describe("Whether any span has an error."),
  duration_min: float.optional().describe("Milliseconds, inclusive."),
  duration_max: float.optional().describe("Milliseconds, inclusive."),
};

/** Which part of a list is answered, and how; beside `limit`. */
export const partParameters = { offset, cursor, count, format: formatParameter, all: allParameter };

/** The same of sessions: cursors of some orders count rows (`answerByOffset`). */
export const sessionPartParameters = {
  ...partParameters,
  cursor: cursor.describe(
    "Goes on after the last row of an earlier answer: the value of its header X-Next-Cursor. By cost, duration or trace_count it goes on behind as many rows as came before: rows that come meanwhile shift those behind them; with all=true each comes once.",
  ),
};
