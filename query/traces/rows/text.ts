import { type TraceKey, type TraceRow, traceRowExpressions } from "../read.ts";

/*
 * What pages show of a settled trace, in one text: an array in JSON, of what the roll-up says of it.
 */

/** Members of the text, in order. The others are known of a settled trace: where it lies, and that its numbers are right. */
const members = [
  "firstStart",
  "lastEnd",
  "createdAt",
  "updatedAt",
  "spanCount",
  "errorCount",
  "okCount",
  "spanCost",
  "root",
  "silentRoot",
  "session",
  "tags",
  "said",
  "attributes",
] as const satisfies readonly (keyof TraceRow)[];

type Member = (typeof members)[number];

/** The text (an expression), of the columns of `summedTraces` with its alias `t`. To be asked with `textSettings`. */
export const traceText = `formatRowNoNewline('JSONCompactEachRow', ${members.map((name) => traceRowExpressions[name]).join(", ")})`;

/** A trace of which the text was kept. */
export function traceOfText({ traceId, firstHour, lastHour }: TraceKey, text: string): TraceRow {
  const values = JSON.parse(text) as readonly unknown[];
  const said = Object.fromEntries(members.map((name, index) => [name, values[index]])) as Pick<TraceRow, Member>;
  return { traceId, firstHour, lastHour, dirty: false, ...said };
}
