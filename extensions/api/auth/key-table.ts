import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { ClickHouseClient } from "@clickhouse/client";
import { apiKeysTable } from "../../../exporters/clickhouse/schema/api-keys.ts";
import { rowsOf } from "../../../exporters/clickhouse/schema/migrations.ts";
import { quoteName } from "../../../exporters/clickhouse/schema/sql.ts";
import { storedProjectId } from "../../../pipeline/ids.ts";
import type { Access } from "./caller.ts";

/** A key as it is stored. Times are ISO 8601 in UTC; null where it has not happened. */
export interface StoredKey {
  readonly id: string;
  readonly hash: string;
  readonly prefix: string;
  readonly name: string;
  /** As stored. */
  readonly project: string;
  readonly projectName: string;
  readonly workspace: string;
  readonly access: Access;
  readonly createdAt: string;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
}

/** What a new key is to be. */
export interface NewKey {
  readonly name: string;
  /** UUID. */
  readonly projectId: string;
  readonly projectName: string;
  /** UUID. */
  readonly workspaceId: string;
  readonly access: Access;
}

/** Lower-case hexadecimal SHA-256. */
export function hashOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

const keyStart = "sk_ze_";
const randomKeyBytes = 32;
const shownChars = keyStart.length + 6;

const time = (column: string): string =>
  `if(max(${column}) = 0, NULL, formatDateTime(max(${column}), '%FT%TZ', 'UTC'))`;

/** The table of keys. */
export class KeyTable {
  readonly #client: () => Promise<ClickHouseClient>;
  readonly #table: string;

  /** @param database not quoted */
  constructor(client: () => Promise<ClickHouseClient>, database: string) {
    this.#client = client;
    this.#table = `${quoteName(database)}.${quoteName(apiKeysTable)}`;
  }

  /** Makes a key. @returns the key itself, which cannot be learned again */
  async create(wanted: NewKey): Promise<{ readonly key: string; readonly id: string }> {
    const key = keyStart + randomBytes(randomKeyBytes).toString("base64url");
    const id = randomUUID();
    await this.#insert({
      KeyId: id,
      Hash: hashOf(key),
      Prefix: key.slice(0, shownChars),
      Name: wanted.name,
      ProjectId: storedProjectId(wanted.projectId),
      ProjectName: wanted.projectName,
      WorkspaceId: wanted.workspaceId,
      Access: wanted.access,
      CreatedAt: now(),
    });
    return { key, id };
  }

  /** Every key, revoked ones too, the oldest first. */
  list(): Promise<StoredKey[]> {
    return this.#read("1", {});
  }

  /** The key of that hash. */
  async find(hash: string): Promise<StoredKey | undefined> {
    const condition = `KeyId IN (SELECT KeyId FROM ${this.#table} WHERE Hash = {hash: String})`;
    const [found] = await this.#read(condition, { hash });
    return found;
  }

  /** Whether a key was ever made, also if none of them works any more. */
  async hasAny(): Promise<boolean> {
    const rows = await rowsOf(await this.#client(), `SELECT 1 FROM ${this.#table} WHERE Hash != '' LIMIT 1`, {});
    return rows.length > 0;
  }

  async revoke(id: string): Promise<void> {
    await this.#insert({ KeyId: id, RevokedAt: now() });
  }

  /** @param ms since the epoch */
  async used(id: string, ms: number): Promise<void> {
    await this.#insert({ KeyId: id, LastUsedAt: new Date(ms).toISOString() });
  }

  #read(condition: string, params: Record<string, unknown>): Promise<StoredKey[]> {
    return this.#client().then((client) =>
      rowsOf<StoredKey>(
        client,
        `SELECT KeyId AS id, max(Hash) AS hash, max(Prefix) AS prefix, max(Name) AS name, max(ProjectId) AS project,
  max(ProjectName) AS projectName, max(WorkspaceId) AS workspace, max(Access) AS access, ${time("CreatedAt")} AS createdAt,
  ${time("RevokedAt")} AS revokedAt, ${time("LastUsedAt")} AS lastUsedAt
FROM ${this.#table} WHERE ${condition} GROUP BY KeyId HAVING hash != '' ORDER BY max(CreatedAt), id`,
        params,
      ),
    );
  }

  async #insert(row: Readonly<Record<string, unknown>>): Promise<void> {
    const client = await this.#client();
    await client.insert({
      table: this.#table,
      format: "JSONEachRow",
      values: [row],
      clickhouse_settings: { async_insert: 0, date_time_input_format: "best_effort" },
    });
  }
}

function now(): string {
  return new Date().toISOString();
}
