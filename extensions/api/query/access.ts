import { createHash } from "node:crypto";
import type { ClickHouseClient } from "@clickhouse/client";
import { failureOf } from "../../../exporters/clickhouse/errors.ts";
import { rowsOf } from "../../../exporters/clickhouse/schema/migrations.ts";
import { createQueryUser, projectPolicy, queryGrants } from "../../../exporters/clickhouse/schema/query-user.ts";
import { ddlOf } from "../../../exporters/clickhouse/schema/sql.ts";
import type { Store } from "../api.ts";
import type { ApiConfig } from "../config.ts";
import { ApiError } from "../http/errors.ts";
import { storeFailureOf } from "../http/failures.ts";

/** The user that runs queries. */
export type QueryUser = Pick<ApiConfig["sql"], "username" | "password" | "rights_cache_time">;

const authenticationFailed = 516;

/**
 * Sees to it that the user of queries can read one project's rows and nothing else, before the first query and again from
 * time to time: what an operator changes must not open a door.
 */
export class QueryAccess {
  readonly #store: Store;
  readonly #user: QueryUser;
  #checkedAtMs = Number.NEGATIVE_INFINITY;
  #checking: Promise<void> | undefined;

  constructor(store: Store, user: QueryUser) {
    this.#store = store;
    this.#user = user;
  }

  /** @throws {ApiError} 503: the database does not keep projects apart; the text says what is missing */
  async assertSafe(): Promise<void> {
    if (performance.now() - this.#checkedAtMs < this.#user.rights_cache_time) return;
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
    await this.#checking;
  }

  async #check(): Promise<void> {
    const client = await this.#store.client();
    const grants = await this.#grants(client).catch(async (error: unknown) => {
      if (storeFailureOf(error)?.code !== authenticationFailed) throw error;
      await this.#create(client);
      return this.#grants(client);
    });
    this.#assertGrants(grants);
    await this.#assertPolicy(client);
    this.#checkedAtMs = performance.now();
  }

  /** The rights of the user, one statement each. */
  async #grants(client: ClickHouseClient): Promise<readonly string[]> {
    const { username, password } = this.#user;
    const auth = { username, password };
    const result = await client.query({ query: "SHOW GRANTS", format: "JSONCompactEachRow", auth });
    const rows = await result.json<[string]>();
    return rows.map(([grant]) => grant.replaceAll("`", ""));
  }

  async #create(client: ClickHouseClient): Promise<void> {
    const { username, password } = this.#user;
    if (password === "")
      throw this.#unsafe(
        "does not exist: embedded servers make it for the databases of clickhouse_server.query_databases, others need sql.password to have it made",
      );
    const ddl = ddlOf(this.#store.config, this.#store.database);
    const hash = createHash("sha256").update(password).digest("hex");
    try {
      for (const query of createQueryUser(ddl, username, hash)) await client.command({ query });
    } catch (error) {
      throw this.#unsafe(`cannot be made: ${failureOf(error).message}`);
    }
  }

  #assertGrants(grants: readonly string[]): void {
    const wanted = queryGrants(this.#store.database).map((grant) => grant.replaceAll("`", ""));
    const has = (statement: string): boolean => grants.some((grant) => grant.startsWith(`${statement} `));
    const missing = wanted.find((statement) => !has(statement));
    if (missing !== undefined) throw this.#unsafe(`lacks: ${missing}`);
    const odd = grants.find((grant) => !grant.startsWith("REVOKE") && !wanted.some((s) => grant.startsWith(`${s} `)));
    if (odd !== undefined) throw this.#unsafe(`may do more than read: ${odd}`);
  }

  /** Policies that are not restrictive add rows to each other: there must be ours and no other. */
  async #assertPolicy(client: ClickHouseClient): Promise<void> {
    const query = `SELECT select_filter AS filter FROM system.row_policies
      WHERE database IN ({database: String}, '') AND (apply_to_all OR has(apply_to_list, {user: String})) AND NOT is_restrictive`;
    const params = { database: this.#store.database, user: this.#user.username };
    const policies = await rowsOf<{ filter: string }>(client, query, params);
    const [policy] = policies;
    if (policy === undefined) throw this.#unsafe("has no row policy");
    if (policies.length > 1) throw this.#unsafe(`has ${policies.length} row policies, of which one would do`);
    if (bare(policy.filter) !== bare(projectPolicy)) throw this.#unsafe("has another row policy than it must have");
  }

  #unsafe(what: string): ApiError {
    const { username } = this.#user;
    return new ApiError(
      503,
      `queries are not answered: the user ${username} of ClickHouse ${what} (docs/api.md, POST /query)`,
    );
  }
}

/** Without what the server writes in another way than we do. */
function bare(condition: string): string {
  return condition.replaceAll(/[()\s]/g, "");
}
