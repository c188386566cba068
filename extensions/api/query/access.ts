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
 * Engines of tables whose rows pass the policy of the table itself, or those of the tables that it reads. Others do not keep
 * it: a `Set` tells whether a row is in it, and a table made of a table function (`Proxy`) lets other servers read for it.
 */
const policedEngines =
  /MergeTree$|^(?:View|MaterializedView|Memory|Log|TinyLog|StripeLog|Null|Buffer|Merge|Distributed|Join|Dictionary|Alias)$/;

/** What is known of one server. */
interface Belief {
  checkedAtMs: number;
  checking: Promise<void> | undefined;
}

/**
 * Sees to it that the user of queries can read one project's rows and nothing else, before the first query and again from
 * time to time: what an operator changes must not open a door.
 */
export class QueryAccess {
  readonly #store: Store;
  readonly #user: QueryUser;
  /** Servers have users of their own: each is looked at. */
  readonly #beliefs = new WeakMap<ClickHouseClient, Belief>();

  constructor(store: Store, user: QueryUser) {
    this.#store = store;
    this.#user = user;
  }

  /**
   * @param client of the server that will run the query
   * @throws {ApiError} 503: the database does not keep projects apart; the text says what is missing
   */
  async assertSafe(client: ClickHouseClient): Promise<void> {
    const belief = this.#beliefOf(client);
    if (performance.now() - belief.checkedAtMs < this.#user.rights_cache_time) return;
    belief.checking ??= this.#check(client)
      .then(() => {
        belief.checkedAtMs = performance.now();
      })
      .finally(() => {
        belief.checking = undefined;
      });
    await belief.checking;
  }

  #beliefOf(client: ClickHouseClient): Belief {
    const known = this.#beliefs.get(client);
    if (known !== undefined) return known;
    const belief = { checkedAtMs: Number.NEGATIVE_INFINITY, checking: undefined };
    this.#beliefs.set(client, belief);
    return belief;
  }

  async #check(client: ClickHouseClient): Promise<void> {
    try {
      this.#assertGrants(await this.#grantsOfUser(client));
      await this.#assertPolicy(client);
      await this.#assertTables(client);
    } catch (error) {
      const failure = storeFailureOf(error);
      if (failure?.code === undefined || failure.kind === "overload") throw error;
      throw this.#unsafe(`cannot be looked at: ${failure.message}`, error);
    }
  }

  async #grantsOfUser(client: ClickHouseClient): Promise<readonly string[]> {
    try {
      return await this.#grants(client);
    } catch (error) {
      if (storeFailureOf(error)?.code !== authenticationFailed) throw error;
    }
    await this.#create(client);
    return this.#grants(client);
  }

  get #auth(): { username: string; password: string } {
    const { username, password } = this.#user;
    return { username, password };
  }

  /** The rights of the user, one statement each. */
  async #grants(client: ClickHouseClient): Promise<readonly string[]> {
    const result = await client.query({ query: "SHOW GRANTS", format: "JSONCompactEachRow", auth: this.#auth });
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
    // What somebody else has made is not ours to change.
    if (await this.#exists(client)) throw this.#unsafe("exists, and is not let in with sql.password");
    try {
      for (const query of createQueryUser(ddl, username, hash)) await client.command({ query });
    } catch (error) {
      throw this.#unsafe(`cannot be made: ${failureOf(error).message}`, error);
    }
  }

  async #exists(client: ClickHouseClient): Promise<boolean> {
    const { username } = this.#user;
    const query = "SELECT 1 FROM system.users WHERE name = {username: String}";
    return (await rowsOf(client, query, { username })).length > 0;
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
      WHERE database IN ({database: String}, '') AND NOT is_restrictive
        AND (has(apply_to_list, {user: String}) OR apply_to_all AND NOT has(apply_to_except, {user: String}))`;
    const params = { database: this.#store.database, user: this.#user.username };
    const policies = await rowsOf<{ filter: string }>(client, query, params);
    const [policy] = policies;
    if (policy === undefined) throw this.#unsafe("has no row policy");
    if (policies.length > 1) throw this.#unsafe(`has ${policies.length} row policies, of which one would do`);
    if (bare(policy.filter) !== bare(projectPolicy)) throw this.#unsafe("has another row policy than it must have");
  }

  /** Asked as the user of queries, who sees the tables that it may read. */
  async #assertTables(client: ClickHouseClient): Promise<void> {
    const query = "SELECT name, engine FROM system.tables WHERE database = {database: String}";
    const asked = { query, query_params: { database: this.#store.database }, auth: this.#auth };
    const result = await client.query({ ...asked, format: "JSONEachRow" });
    const tables = await result.json<{ name: string; engine: string }>();
    const odd = tables.find(({ engine }) => !policedEngines.test(engine));
    if (odd !== undefined)
      throw this.#unsafe(`may read the table ${odd.name}, whose engine ${odd.engine} row policies do not cover`);
  }

  #unsafe(what: string, cause?: unknown): ApiError {
    const { username } = this.#user;
    return new ApiError(
      503,
      `queries are not answered: the user ${username} of ClickHouse ${what} (docs/api.md, POST /query)`,
      cause === undefined ? {} : { cause },
    );
  }
}

/** Without what the server writes in another way than we do. */
function bare(condition: string): string {
  return condition.replaceAll(/[()\s]/g, "");
}
