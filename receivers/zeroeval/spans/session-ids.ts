import { parseUuid, sessionUuid } from "../../../pipeline/ids.ts";

/** What becomes of a session's id. */
export interface SessionId {
  readonly uuid: string;
  /** What was sent is a UUID, however it is spelled; otherwise it is the session's name, too. */
  readonly isUuid: boolean;
}

/** Of each generation: about 3 MB in all. */
const maxRemembered = 8_192;
/** Characters of a session's id; longer ones are not remembered. */
const maxLength = 128;

/**
 * The UUIDs of sessions, remembered over requests: a session has many spans, and a hash costs as much as reading half of
 * one of them. What was not asked for during the last `maxRemembered` other ones is forgotten.
 */
export class SessionIds {
  #recent = new Map<string, SessionId>();
  #older: ReadonlyMap<string, SessionId> = new Map();

  of(id: string): SessionId {
    const known = this.#recent.get(id);
    if (known !== undefined) return known;
    const session = this.#older.get(id) ?? { uuid: sessionUuid(id), isUuid: parseUuid(id) !== undefined };
    if (id.length > maxLength) return session;
    if (this.#recent.size === maxRemembered) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(id, session);
    return session;
  }
}
