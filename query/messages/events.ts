import type { OutsideEvent } from "../../processors/genai/outside-events.ts";
import type { MessageRow } from "./statement.ts";

/** The records of one span as its events. @param records in their order; what was sent twice counts once */
export function eventsOf(records: readonly MessageRow[]): readonly OutsideEvent[] {
  const distinct = new Map(records.filter(({ Fits }) => Fits).map((record) => [JSON.stringify(record), record]));
  return [...distinct.values()].map(({ Event, Content, Attributes }) => ({
    name: Event,
    attributes: { ...Attributes, ...membersOf(Content) },
  }));
}

/** What the body says, as attributes of an event do: its members, or the content of the message. */
function membersOf(body: string): Readonly<Record<string, string>> {
  if (body === "") return {};
  const object = objectOf(body);
  if (object === undefined) return { content: body };
  const said = Object.entries(object).filter(([, value]) => value !== null);
  return Object.fromEntries(
    said.map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

/** Bodies that were sent as maps are stored as JSON; others are texts, of which some only look like it. */
function objectOf(body: string): object | undefined {
  if (!body.startsWith("{")) return undefined;
  try {
    return JSON.parse(body) as object;
  } catch {
    return undefined;
  }
}
