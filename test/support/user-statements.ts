import type { ServerPaths } from "../../extensions/clickhouse_server/server-config.ts";

interface User {
  readonly sha256: string;
  readonly settings: readonly string[];
  readonly grants: string[];
  /** Conditions by database. */
  readonly policies: Map<string, string>;
}

const name = "`(\\w+)`";
const createUser = new RegExp(
  `^CREATE USER IF NOT EXISTS ${name} IDENTIFIED WITH sha256_hash BY '([0-9a-f]{64})' SETTINGS (.+)$`,
);
const grant = new RegExp(`^((?:GRANT|REVOKE) .+) (?:TO|FROM) ${name}$`);
const createPolicy = new RegExp(
  `^CREATE ROW POLICY IF NOT EXISTS ${name} ON ${name}\\.\\* FOR SELECT USING (.+) TO ${name}$`,
);

/** Statements about users, and the server's configuration that says the same. */
export class UserStatements {
  readonly #users = new Map<string, User>();

  static isOne(sql: string): boolean {
    return /^(?:CREATE|ALTER|DROP) (?:USER|ROLE|ROW POLICY)|^(?:GRANT|REVOKE) /.test(sql);
  }

  /** @throws {Error} in none of the forms that can be said in a configuration */
  take(sql: string): void {
    const [, created, sha256, settings] = createUser.exec(sql) ?? [];
    const [, right, granted] = grant.exec(sql) ?? [];
    const [, , database, condition, bound] = createPolicy.exec(sql) ?? [];
    if (created !== undefined) {
      const user = { sha256: sha256!, settings: settings!.split(", "), grants: [], policies: new Map() };
      if (!this.#users.has(created)) this.#users.set(created, user);
    } else if (granted !== undefined) this.#userOf(granted).grants.push(right!);
    else if (bound !== undefined) this.#userOf(bound).policies.set(database!, condition!);
    else throw new Error(`cannot be said in a configuration: ${sql}`);
  }

  #userOf(name: string): User {
    const user = this.#users.get(name);
    if (user === undefined) throw new Error(`there is no user ${name}`);
    return user;
  }

  /** In XML. */
  configuration({ log, config }: ServerPaths): string {
    const users = [...this.#users];
    return `<clickhouse>
  <logger><log>${log}</log></logger><log-level>warning</log-level>
  <users_config>${config}</users_config>
  <timezone>UTC</timezone>
  <max_server_memory_usage>${2 ** 31}</max_server_memory_usage>
  <profiles><default><log_queries>0</log_queries></default>${users.map(profile).join("")}</profiles>
  <quotas><default></default></quotas>
  <users>
    <default><password></password>${login("default")}<access_management>1</access_management></default>
    ${users.map(element).join("\n    ")}
  </users>
</clickhouse>`;
  }
}

const login = (profile: string) =>
  `<networks><ip>127.0.0.1</ip></networks><profile>${profile}</profile><quota>default</quota>`;

function profile([name, { settings }]: readonly [string, User]): string {
  const values = settings.map((text) => text.split(" = ")).map(([key, value]) => `<${key}>${value}</${key}>`);
  return `<${name}>${values.join("")}</${name}>`;
}

function element([name, { sha256, grants, policies }]: readonly [string, User]): string {
  const queries = grants.map((right) => `<query>${escaped(right)}</query>`).join("");
  // A table without a name stands for all tables of the database.
  const filters = [...policies].map(
    ([database, condition]) =>
      `<database name="${database}"><table name=""><filter>${escaped(condition)}</filter></table></database>`,
  );
  const rights = `<grants>${queries}</grants><databases>${filters.join("")}</databases>`;
  return `<${name}><password_sha256_hex>${sha256}</password_sha256_hex>${login(name)}${rights}</${name}>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
