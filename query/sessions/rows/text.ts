import type { RowWithHours } from "../read.ts";
import { sessionRowExpressions } from "../statements.ts";

/*
 * What pages show of a session, of one day, in one text: an array in JSON, of what the roll-up says of it.
 */

/** Members of the text, in order. */
const members = [
  "sessionId",
  "createdAt",
  "updatedAt",
  "name",
  "tags",
  "attributes",
  "hours",
] as const satisfies readonly (keyof RowWithHours)[];

/** The text (an expression), of the columns of the roll-up. To be asked with `textSettings`. */
export const sessionText = `formatRowNoNewline('JSONCompactEachRow', ${members.map((name) => sessionRowExpressions[name]).join(", ")})`;

export function sessionOfText(text: string): RowWithHours {
  const values = JSON.parse(text) as readonly unknown[];
  return Object.fromEntries(members.map((name, index) => [name, values[index]])) as unknown as RowWithHours;
}
