import type { Logger } from "pino";
import { uuidOfProject } from "../../../pipeline/ids.ts";
import { readError, storeFailureOf } from "../http/failures.ts";
import type { Caller } from "./caller.ts";
import type { KeyTable, StoredKey } from "./key-table.ts";

export interface StoredKeysOptions {
  /** Milliseconds for which what was read of a key holds: so long a revoked one may still be taken. */
  readonly maxAgeMs: number;
  /** Milliseconds for which it holds when ClickHouse cannot be asked. */
  readonly graceMs: number;
  /** Keys remembered, those that are known and, apart from them, those that are not. */
  readonly maxKeys: number;
  readonly logger: Logger;
}

interface Known<T> {
  readonly value: T;
  readonly atMs: number;
}

const hourMs = 3_600_000;

/** The keys in the table, remembered for a few seconds so that a request need not wait for the database. */
export class StoredKeys {
  readonly #table: KeyTable;
  readonly #options: StoredKeysOptions;
  readonly #callers = new Map<string, Known<Caller>>();
  /** Hashes of no key: guesses must neither reach the database each nor drive known keys out. */
  readonly #unknown = new Map<string, Known<undefined>>();
  readonly #asked = new Map<string, Promise<Caller | undefined>>();
  /** When the last use of a key was written. */
  readonly #usedAtMs = new Map<string, number>();
  #hasAny: Known<boolean> | undefined;
  #askedHasAny: Promise<boolean> | undefined;

  constructor(table: KeyTable, options: StoredKeysOptions) {
    this.#table = table;
    this.#options = options;
  }

  /**
   * Whether a key was ever made. Once there was one it stays so: a table without keys that work lets nobody in.
   *
   * @throws {ApiError} 503: that is not known
   */
  async hasAny(): Promise<boolean> {
    const known = this.#hasAny;
    if (known !== undefined && (known.value || this.#isFresh(known))) return known.value;
    this.#askedHasAny ??= this.#readHasAny(known).finally(() => {
      this.#askedHasAny = undefined;
    });
    return this.#askedHasAny;
  }

  async #readHasAny(known: Known<boolean> | undefined): Promise<boolean> {
    const value = await this.#table.hasAny().catch((error: unknown) => this.#orKnown(error, known, false));
    if (value !== undefined) this.#hasAny = { value, atMs: performance.now() };
    return value ?? false;
  }

  /**
   * Who has the key of that hash.
   *
   * @returns undefined where there is no such key, or it was revoked
   * @throws {ApiError} 503: that is not known
   */
  async find(hash: string): Promise<Caller | undefined> {
    const known = this.#callers.get(hash) ?? this.#unknown.get(hash);
    if (known !== undefined && this.#isFresh(known)) return known.value;
    let asked = this.#asked.get(hash);
    if (asked === undefined) {
      asked = this.#read(hash, known).finally(() => this.#asked.delete(hash));
      this.#asked.set(hash, asked);
    }
    return asked;
  }

  async #read(hash: string, known: Known<Caller | undefined> | undefined): Promise<Caller | undefined> {
    let key: StoredKey | undefined;
    try {
      key = await this.#table.find(hash);
    } catch (error) {
      return this.#orKnown(error, known, undefined);
    }
    const caller = key === undefined || key.revokedAt !== null ? undefined : callerOf(key);
    this.#callers.delete(hash);
    this.#unknown.delete(hash);
    if (caller === undefined) this.#remember(this.#unknown, hash, undefined);
    else {
      this.#remember(this.#callers, hash, caller);
      this.#noteUse(caller.keyId);
    }
    return caller;
  }

  #remember<T>(map: Map<string, Known<T>>, hash: string, value: T): void {
    // The first is the one that was read longest ago.
    if (map.size >= this.#options.maxKeys) map.delete(map.keys().next().value!);
    map.set(hash, { value, atMs: performance.now() });
  }

  #isFresh({ atMs }: Known<unknown>): boolean {
    return performance.now() - atMs < this.#options.maxAgeMs;
  }

  /** What was known, where ClickHouse cannot be asked; `none` where there is no table yet. */
  #orKnown<T>(error: unknown, known: Known<T> | undefined, none: T): T {
    const failure = storeFailureOf(error);
    if (failure === undefined) throw error;
    if (failure.code === unknownTable || failure.code === unknownDatabase) return none;
    if (known !== undefined && performance.now() - known.atMs < this.#options.graceMs) return known.value;
    throw readError(failure, error);
  }

  /** Writes down, once an hour, that a key is in use. */
  #noteUse(id: string): void {
    const ms = Date.now();
    if (ms - (this.#usedAtMs.get(id) ?? 0) < hourMs) return;
    if (this.#usedAtMs.size >= this.#options.maxKeys) this.#usedAtMs.clear();
    this.#usedAtMs.set(id, ms);
    this.#table.used(id, Math.floor(ms / hourMs) * hourMs).catch((error: unknown) => {
      this.#options.logger.debug({ err: error }, "the last use of an api key was not written down");
    });
  }
}

const unknownTable = 60;
const unknownDatabase = 81;

function callerOf({ id, project, projectName, workspace, access }: StoredKey): Caller {
  return { keyId: id, projectId: uuidOfProject(project), projectName, workspaceId: workspace, access };
}
