import { randomUUID } from "node:crypto";
import { parseUuid, sessionUuid } from "../../../pipeline/ids.ts";
import { Fields } from "../read/fields.ts";
import type { Problems } from "../read/problems.ts";
import { readTags, type Tags } from "../read/tags.ts";
import { type EntityLimits, readAttributes } from "./trace-reader.ts";

/** A session as POST /sessions says it. */
export interface SentSession {
  /** UUID. */
  readonly id: string;
  /** As it was sent; a UUID where it is one. */
  readonly projectId: string;
  readonly name: string | undefined;
  /** Whether the name is the text that was sent as the id, for want of another. */
  readonly isNamedByItsId: boolean;
  readonly tags: Tags;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Reads item `index` of the body of POST /sessions. What is wrong stands in `problems`. */
export function readSession(
  item: unknown,
  index: number,
  limits: EntityLimits,
  problems: Problems,
): SentSession | undefined {
  const fields = new Fields(problems);
  if (!fields.begin(item, index)) return undefined;
  const before = problems.count;
  const project = fields.requiredText("project_id");
  const id = fields.text("id");
  const name = fields.text("name");
  const isPlainText = id !== undefined && id !== "" && parseUuid(id) === undefined;
  const session = {
    id: id === undefined || id === "" ? randomUUID() : sessionUuid(id),
    projectId: parseUuid(project) ?? project,
    name: name || (isPlainText ? id : undefined),
    isNamedByItsId: !name && isPlainText,
    tags: readTags(fields.value("tags"), () => fields.loc("tags"), limits, problems) ?? new Map(),
    attributes: readAttributes(fields, limits),
  };
  return problems.count === before ? session : undefined;
}
