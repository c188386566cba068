import type { MapColumn } from "../../../pipeline/span-batch/map-column.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { JsonKind } from "../json/scanner.ts";
import { readTags, type TagLimits, type Tags } from "../read/tags.ts";
import type { RowFields } from "./row-fields.ts";
import { numberOf } from "./span-fields.ts";
import type { SpanTexts } from "./span-texts.ts";

/** What is said of the trace and the session of a span, beside what its row holds. */
export interface SpanContext {
  /** Of the span. */
  readonly row: number;
  /** "" where the span names none: then it is the session of its trace. */
  readonly sessionId: string;
  readonly traceTags: Tags | undefined;
  readonly sessionTags: Tags | undefined;
}

type TagField = "tags" | "trace_tags" | "session_tags";
const noTags: Tags = new Map();

/** Tags that were read last of a field, and of which row. */
interface LastTags {
  row: number;
  tags: Tags;
}

/** Reads the tags of JSON spans. Those of one process say the same again and again: what is written alike is read once. */
export class SpanTags {
  /** Of spans that say something of their trace or session. */
  readonly contexts: SpanContext[] = [];
  readonly #column: MapColumn;
  readonly #texts: SpanTexts;
  readonly #fields: RowFields;
  readonly #limits: TagLimits;
  readonly #last: Readonly<Record<TagField, LastTags>> = {
    tags: { row: -1, tags: noTags },
    trace_tags: { row: -1, tags: noTags },
    session_tags: { row: -1, tags: noTags },
  };

  constructor(batch: SpanBatch, texts: SpanTexts, fields: RowFields, limits: TagLimits) {
    this.#column = batch.deriveColumn("Tags");
    this.#texts = texts;
    this.#fields = fields;
    this.#limits = limits;
  }

  /** @param sessionId UUID, or "" */
  read(row: number, sessionId: string): void {
    this.#own(row);
    const traceTags = this.#read(row, "trace_tags");
    const ofSession = this.#read(row, "session_tags");
    const inSession = this.#inSession(row);
    const sessionTags = inSession === undefined ? ofSession : new Map([...inSession, ...(ofSession ?? [])]);
    const hasTraceTags = traceTags !== undefined && traceTags.size > 0;
    const hasSessionTags = sessionTags !== undefined && sessionTags.size > 0;
    if (!hasTraceTags && !hasSessionTags) return;
    this.contexts.push({
      row,
      sessionId,
      traceTags: hasTraceTags ? traceTags : undefined,
      sessionTags: hasSessionTags ? sessionTags : undefined,
    });
  }

  /** Rows whose tags are written alike share the pairs of the column. */
  #own(row: number): void {
    const before = this.#last.tags.row;
    const tags = this.#read(row, "tags") ?? noTags;
    const column = this.#column;
    if (before >= 0 && this.#last.tags.row === before && tags === this.#last.tags.tags)
      column.setPairs(row, column.firstAt(before), column.endAt(before));
    else column.set(row, tags);
  }

  #read(row: number, field: TagField): Tags | undefined {
    const texts = this.#texts;
    const number = numberOf[field];
    if (!texts.has(row, number)) return undefined;
    if (texts.isEmpty(row, number) && texts.kindOf(row, number) === JsonKind.OBJECT) return noTags;
    const last = this.#last[field];
    if (last.row >= 0 && isAlike(texts, number, row, last.row)) return last.tags;
    const tags = readTags(texts.value(row, number), () => this.#fields.loc(field), this.#limits, this.#fields.problems);
    if (tags !== undefined) {
      last.row = row;
      last.tags = tags;
    }
    return tags;
  }

  #inSession(row: number): Tags | undefined {
    if (!this.#texts.has(row, numberOf.session)) return undefined;
    const session = this.#fields.value("session") as { readonly tags?: unknown } | undefined;
    if (typeof session !== "object" || !session.tags) return undefined;
    const loc = () => this.#fields.loc("session", "tags");
    return readTags(session.tags, loc, this.#limits, this.#fields.problems);
  }
}

/** Whether two rows say the same in a field, with the same bytes, or both nothing. */
export function isAlike(texts: SpanTexts, field: number, row: number, other: number): boolean {
  if (!texts.has(row, field) || !texts.has(other, field)) return texts.has(row, field) === texts.has(other, field);
  const start = texts.startOf(row, field);
  const length = texts.endOf(row, field) - start;
  const otherStart = texts.startOf(other, field);
  if (length !== texts.endOf(other, field) - otherStart) return false;
  const bytes = texts.bytesOf(row);
  const otherBytes = texts.bytesOf(other);
  for (let i = 0; i < length; i++) if (bytes[start + i] !== otherBytes[otherStart + i]) return false;
  return true;
}
