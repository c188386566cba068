import { parseUuid, sessionUuid } from "../../../pipeline/ids.ts";
import { type BadSignal, inlineSignal } from "../../../processors/signals/inline/normalise.ts";
import type { Fields } from "../read/fields.ts";
import { type EntityType, entityTypes } from "../read/values.ts";

type Scalar = boolean | number | string;

/** A signal that was sent by itself. */
export interface SentSignal {
  readonly name: string;
  readonly value: Scalar;
  /** At least one; ids as they are outside: UUIDs with hyphens, but for completions. */
  readonly targets: readonly Target[];
}

export interface Target {
  readonly type: EntityType;
  readonly id: string;
}

export const categories = { boolean: "boolean", number: "numerical", string: "categorical" } as const;
export type Category = (typeof categories)[keyof typeof categories];

export function categoryOf(value: Scalar): Category {
  return categories[typeof value as keyof typeof categories];
}

/** Where each field of a signal of a workspace points to. */
const targetFields = [
  ["completion_id", "completion"],
  ["span_id", "span"],
  ["trace_id", "trace"],
  ["session_id", "session"],
] as const satisfies readonly (readonly [string, EntityType])[];

/** Reads `{completion_id?, span_id?, trace_id?, session_id?, name, value, signal_type?}`. */
export function readWorkspaceSignal(fields: Fields): SentSignal | undefined {
  const before = fields.problems.count;
  const targets = targetFields.flatMap(([field, type]) => {
    const id = fields.text(field);
    const target = id === undefined || id === "" ? undefined : targetOf(fields, field, type, id);
    return target === undefined ? [] : [target];
  });
  if (targets.length === 0 && fields.problems.count === before) {
    const names = targetFields.map(([field]) => field).join(", ");
    fields.problems.add(fields.loc(), `one of ${names} is required`, "missing");
  }
  return withValue(fields, targets, before);
}

/** Reads `{entity_type, entity_id, name, value, signal_type?}`. */
export function readEntitySignal(fields: Fields): SentSignal | undefined {
  const before = fields.problems.count;
  const type = fields.oneOf("entity_type", entityTypes);
  if (type === undefined && fields.value("entity_type") === undefined) fields.missing("entity_type");
  const id = fields.requiredText("entity_id");
  const target = type === undefined || id === "" ? undefined : targetOf(fields, "entity_id", type, id);
  return withValue(fields, target === undefined ? [] : [target], before);
}

function targetOf(fields: Fields, field: string, type: EntityType, id: string): Target | undefined {
  if (type === "completion") return { type, id };
  if (type === "session") return { type, id: sessionUuid(id) };
  const uuid = parseUuid(id);
  if (uuid !== undefined) return { type, id: uuid };
  fields.problems.add(fields.loc(field), "must be a UUID", "invalid_uuid");
  return undefined;
}

/** The field that says a part of a signal. */
const fieldOf = { name: "name", type: "signal_type", value: "value" } as const satisfies Record<
  BadSignal["part"],
  string
>;

/** @param before problems that were there before the signal was read */
function withValue(fields: Fields, targets: readonly Target[], before: number): SentSignal | undefined {
  const name = fields.requiredText("name");
  if (fields.value("value") === undefined) fields.missing("value");
  if (fields.problems.count > before) return undefined;
  const entry = { name, value: fields.value("value"), signal_type: fields.value("signal_type") };
  const signal = inlineSignal(name, entry as never);
  if ("value" in signal) return { name: signal.name, value: signal.value, targets };
  fields.problems.add(fields.loc(fieldOf[signal.part]), signal.fault, "invalid_value");
  return undefined;
}
