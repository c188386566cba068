import { sessionUuid, storedSpanId, storedTraceId } from "../../../pipeline/ids.ts";
import { uuidBytes } from "./uuid-bytes.ts";

/** `uuidBytes` as text in lower case with hyphens. */
export function uuidText(): string {
  const digits = Buffer.from(uuidBytes).toString("hex");
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`;
}

/** What signals, tags and feedback are said of. */
export const entityTypes = ["session", "trace", "span", "completion"] as const;
export type EntityType = (typeof entityTypes)[number];

/** The id of an entity in the store. @param id for spans and traces a UUID with hyphens */
export function storedEntityId(type: EntityType, id: string): string {
  switch (type) {
    case "trace":
      return storedTraceId(id);
    case "span":
      return storedSpanId(id);
    case "session":
      return sessionUuid(id);
    case "completion":
      return id;
  }
}
