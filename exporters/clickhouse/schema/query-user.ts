import { type Ddl, quoteName } from "./sql.ts";

/*
 * The user of the database that runs what people write themselves (POST /query of the API). It may read the tables of one
 * database, and of each table the rows of one project alone: a row policy compares ProjectId with a header of the request,
 * which no SQL can set. ClickHouse applies it where rows are read from a table, before any condition of the query, so that
 * neither subqueries, views, aliases nor the errors of functions can show another row. Tables without a ProjectId cannot be
 * read at all.
 */

/** Its name where the server is ours, and by default elsewhere. */
export const queryUser = "signalbox_query";

/** The header that names the project, as `p:` and the text in column ProjectId. Without it there are no rows. */
export const projectHeader = "X-Signalbox-Project";

/** The value of the header. @param project as stored */
export function projectHeaderValue(project: string): string {
  return `p:${project}`;
}

const header = `getClientHTTPHeader('${projectHeader}')`;

/** The condition of the row policy. Written so that the primary key is used. */
export const projectPolicy = `startsWith(${header}, 'p:') AND ProjectId = substring(${header}, 3)`;

/** What the policy needs to see the header. */
export const querySettings = { allow_get_client_http_header: 1 } as const;

/** Tables of the database that hold what is no project's business. */
const privateTables = ["api_keys", "schema_migrations"] as const;

/** What the user is allowed. @param to ` TO name`, or nothing in a configuration file */
export function queryGrants(database: string, to = "", onCluster = ""): readonly string[] {
  const name = quoteName(database);
  const from = to.replace(/^ TO/, " FROM");
  return [
    `GRANT${onCluster} SELECT ON ${name}.*${to}`,
    ...privateTables.map((table) => `REVOKE${onCluster} SELECT ON ${name}.${quoteName(table)}${from}`),
  ];
}

/**
 * Statements that make the user on a server that manages users by SQL.
 *
 * @param sha256 of its password, in hexadecimal digits
 */
export function createQueryUser({ database, onCluster }: Ddl, user: string, sha256: string): readonly string[] {
  const name = quoteName(user);
  const settings = Object.entries(querySettings).map(([key, value]) => `${key} = ${value}`);
  return [
    `CREATE USER IF NOT EXISTS ${name}${onCluster} IDENTIFIED WITH sha256_hash BY '${sha256}' SETTINGS ${settings.join(", ")}`,
    ...queryGrants(database, ` TO ${name}`, onCluster),
    `CREATE ROW POLICY IF NOT EXISTS ${name}${onCluster} ON ${quoteName(database)}.* FOR SELECT USING ${projectPolicy} TO ${name}`,
  ];
}
