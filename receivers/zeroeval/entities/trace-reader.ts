import { randomUUID } from "node:crypto";
import { sessionUuid } from "../../../pipeline/ids.ts";
import { isDeeper } from "../read/depth.ts";
import { Fields } from "../read/fields.ts";
import type { Problems } from "../read/problems.ts";
import { readTags, type TagLimits, type Tags } from "../read/tags.ts";
import type { Nanos } from "../read/times.ts";
import { readUuid } from "../read/uuid-bytes.ts";
import { uuidText } from "../read/values.ts";

const statuses = ["unset", "ok", "error"] as const;

/** How much a trace or session may say. */
export interface EntityLimits extends TagLimits {
  readonly maxDepth: number;
  readonly maxAttributes: number;
}

/** A trace as POST /traces says it. Ids are UUIDs with hyphens; undefined: not said. */
export interface SentTrace {
  readonly id: string;
  readonly sessionId: string;
  /** Where the session's id is no UUID, the text that was sent. */
  readonly sessionName: string | undefined;
  readonly name: string;
  readonly start: Nanos;
  readonly end: Nanos | undefined;
  readonly status: (typeof statuses)[number] | undefined;
  /** Milliseconds. */
  readonly durationMs: number | undefined;
  /** US dollars. */
  readonly cost: number | undefined;
  readonly tags: Tags;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Reads item `index` of the body of POST /traces. What is wrong stands in `problems`. */
export function readTrace(
  item: unknown,
  index: number,
  limits: EntityLimits,
  problems: Problems,
): SentTrace | undefined {
  const fields = new Fields(problems);
  if (!fields.begin(item, index)) return undefined;
  const before = problems.count;
  const sentSession = fields.requiredText("session_id");
  const name = fields.requiredText("name");
  const start: Nanos = { low: 0, high: 0 };
  const end: Nanos = { low: 0, high: 0 };
  fields.requiredTime("started_at", start);
  const hasEnd = fields.time("ended_at", end);
  const trace = {
    id: fields.uuid("id") ? uuidText() : randomUUID(),
    sessionId: sessionUuid(sentSession),
    sessionName: readUuid(sentSession) ? undefined : sentSession,
    name,
    start,
    end: hasEnd ? end : undefined,
    status: fields.oneOf("status", statuses),
    durationMs: fields.number("duration_ms"),
    cost: fields.number("cost"),
    tags: readTags(fields.value("tags"), () => fields.loc("tags"), limits, problems) ?? new Map(),
    attributes: readAttributes(fields, limits),
  };
  return problems.count === before ? trace : undefined;
}

/** Reads the field `attributes`. */
export function readAttributes(fields: Fields, limits: EntityLimits): Readonly<Record<string, unknown>> {
  const attributes = fields.object("attributes") ?? {};
  const keys = Object.keys(attributes);
  const { problems } = fields;
  if (keys.length > limits.maxAttributes) {
    const message = `has ${keys.length} attributes, more than max_attributes_per_span ${limits.maxAttributes}`;
    problems.add(fields.loc("attributes"), message, "out_of_range");
  } else if (isDeeper(attributes, limits.maxDepth + 1)) {
    problems.add(fields.loc("attributes"), `is nested deeper than max_depth ${limits.maxDepth}`, "too_deep");
  }
  return attributes;
}
