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
