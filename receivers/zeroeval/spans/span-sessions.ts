import type { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import type { TextColumn } from "../../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { JsonKind } from "../json/scanner.ts";
import type { RowFields } from "./row-fields.ts";
import type { SessionIds } from "./session-ids.ts";
import { numberOf } from "./span-fields.ts";
import type { SpanTexts } from "./span-texts.ts";

/** Reads the sessions of JSON spans, in all forms in which they are said. */
export class SpanSessions {
  readonly #arena: ByteArena;
  readonly #ids: TextColumn;
  readonly #names: TextColumn;
  readonly #texts: SpanTexts;
  readonly #fields: RowFields;
  readonly #known: SessionIds;

  constructor(batch: SpanBatch, texts: SpanTexts, fields: RowFields, known: SessionIds) {
    this.#arena = batch.arena;
    this.#ids = batch.deriveColumn("SessionId");
    this.#names = batch.deriveColumn("SessionName");
    this.#texts = texts;
    this.#fields = fields;
    this.#known = known;
  }

  /** @param base where the bytes of the row stand in the arena @returns the session's UUID, or "" */
  read(row: number, base: number): string {
    const texts = this.#texts;
    const fields = this.#fields;
    const session = texts.has(row, numberOf.session) ? fields.object("session") : undefined;
    const plain = texts.has(row, numberOf.session_id) ? fields.text("session_id") : undefined;
    const id = session === undefined ? plain : session["id"];
    if (session !== undefined && (typeof id !== "string" || id === "")) {
      const isMissing = id === undefined || id === null || id === "";
      const [message, type] = isMissing ? ["is required", "missing"] : ["must be a string", "invalid_type"];
      fields.problems.add(fields.loc("session", "id"), message!, type!);
    }
    if (typeof id !== "string" || id === "") return "";
    const { uuid, isUuid } = this.#known.of(id);
    this.#ids.setRange(row, this.#ascii(uuid), uuid.length);
    const named = session?.["name"];
    if (named !== undefined && named !== null && typeof named !== "string") {
      fields.problems.add(fields.loc("session", "name"), "must be a string", "invalid_type");
    }
    const sent = texts.has(row, numberOf.session_name) ? fields.text("session_name") : undefined;
    const name = (typeof named === "string" && named) || sent || "";
    if (name !== "") this.#names.set(row, name);
    else if (isUuid) return uuid;
    else if (session === undefined && texts.kindOf(row, numberOf.session_id) === JsonKind.TEXT) {
      const start = texts.startOf(row, numberOf.session_id) + 1;
      this.#names.setRange(row, base + start, texts.endOf(row, numberOf.session_id) - 1 - start);
    } else this.#names.set(row, id);
    return uuid;
  }

  /** Writes a short text to the arena, faster than an encoder does. @returns where it begins */
  #ascii(text: string): number {
    const arena = this.#arena;
    const at = arena.reserve(text.length);
    const { bytes } = arena;
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
    return at;
  }
}
