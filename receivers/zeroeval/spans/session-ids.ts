import { sessionUuid } from "../../../pipeline/ids.ts";

/** Of each generation: about 3 MB in all. */
const maxRemembered = 8_192;
/** Characters of a session's id; longer ones are not remembered. */
const maxLength = 128;

/**
 * The UUIDs of sessions, remembered over requests: a session has many spans, and a hash costs as much as reading half of
 * one of them. What was not asked for during the last `maxRemembered` other ones is forgotten.
 */
export class SessionIds {
  #recent = new Map<string, string>();
  #older: ReadonlyMap<string, string> = new Map();

  uuidOf(id: string): string {
    const known = this.#recent.get(id);
    if (known !== undefined) return known;
    const uuid = this.#older.get(id) ?? sessionUuid(id);
    if (id.length > maxLength) return uuid;
    if (this.#recent.size === maxRemembered) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(id, uuid);
    return uuid;
  }
}
