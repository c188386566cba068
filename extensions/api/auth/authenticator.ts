import { credentialsOf } from "../../helper/credentials.ts";
import { ApiError } from "../http/errors.ts";
import type { Caller } from "./caller.ts";
import { hashOf } from "./key-table.ts";
import { anybody, type KeyRing } from "./keys.ts";
import type { StoredKeys } from "./stored-keys.ts";

/** Knows who calls. */
export class Authenticator {
  readonly #configured: KeyRing;
  readonly #stored: StoredKeys;
  readonly #isLocal: boolean;

  /** @param isLocal nobody but this machine reaches the endpoint */
  constructor(configured: KeyRing, stored: StoredKeys, isLocal: boolean) {
    this.#configured = configured;
    this.#stored = stored;
    this.#isLocal = isLocal;
  }

  /**
   * Whether everybody may call without a key: while there is none, on this machine alone.
   *
   * @throws {ApiError} 503: it is not known whether there is one
   */
  async isOpen(): Promise<boolean> {
    return this.#isLocal && this.#configured.isEmpty && !(await this.#stored.hasAny());
  }

  /**
   * Who sends a request with the header `authorization`.
   *
   * @throws {ApiError} 401 with a challenge: no header, another scheme, a key that is unknown or revoked; 503
   */
  async callerOf(authorization: string | undefined): Promise<Caller> {
    if (await this.isOpen()) return anybody;
    const token = authorization === undefined ? undefined : credentialsOf(authorization, "Bearer");
    if (token === undefined || token === "") throw unauthorized("send Authorization: Bearer <api key>");
    return this.#ownerOf(token);
  }

  /** Who has `key`. @throws {ApiError} 401, 503 */
  async callerOfKey(key: string): Promise<Caller> {
    return (await this.isOpen()) ? anybody : this.#ownerOf(key);
  }

  async #ownerOf(key: string): Promise<Caller> {
    const caller = this.#configured.find(key) ?? (await this.#stored.find(hashOf(key)));
    if (caller === undefined) throw unauthorized("the api key is unknown or revoked");
    return caller;
  }
}

function unauthorized(detail: string): ApiError {
  return new ApiError(401, detail, { headers: { "www-authenticate": "Bearer" } });
}
