import { randomUUID } from "node:crypto";
import { type Command, InvalidArgumentError, Option } from "commander";
import { pino } from "pino";
import { databaseOf } from "../../exporters/clickhouse/client.ts";
import type { ClickHouseConfig } from "../../exporters/clickhouse/config.ts";
import { ClickHouseFailure, failureOf } from "../../exporters/clickhouse/errors.ts";
import { createHosts } from "../../exporters/clickhouse/hosts.ts";
import { apiKeysSchema } from "../../exporters/clickhouse/schema/api-keys.ts";
import { migrate } from "../../exporters/clickhouse/schema/migrations.ts";
import { ddlOf } from "../../exporters/clickhouse/schema/sql.ts";
import type { Access } from "../../extensions/api/auth/caller.ts";
import { KeyTable, type StoredKey } from "../../extensions/api/auth/key-table.ts";
import { defaultProjectId, parseUuid, uuidOfProject } from "../../pipeline/ids.ts";
import { clickhouseIn, loadGiven } from "../configured.ts";
import { type AddCommand, type CommandContext, UsageError } from "../context.ts";

interface StoreOptions {
  readonly exporter?: string;
  readonly json?: boolean;
}

interface CreateOptions extends StoreOptions {
  readonly name: string;
  readonly project: string;
  readonly projectName: string;
  readonly workspace: string;
  readonly access: Access;
}

/** `signalbox keys create`, `list` and `revoke`: keys of the API, in the ClickHouse of the configuration. */
export const addKeys: AddCommand = (program, context) => {
  const keys = program
    .command("keys")
    .description("keys of the HTTP API, kept as hashes in ClickHouse, which must run");
  ofStore(keys.command("create").description("make a key and print it, once and never again"))
    .option("--name <text>", "what the key is for", "")
    .option("--project <uuid>", "project it belongs to; new makes one", projectOf, defaultProjectId)
    .option("--project-name <name>", "name of the project", "default")
    .option("--workspace <uuid>", "workspace of the project", uuidArgument, defaultProjectId)
    .addOption(
      new Option("--access <what>", "what it may do").choices(["read_write", "read_only"]).default("read_write"),
    )
    .action((options: CreateOptions, command: Command) =>
      withKeys(context, command, options, (table) => create(context, table, options)),
    );
  ofStore(keys.command("list").description("show all keys, without the keys themselves")).action(
    (options: StoreOptions, command: Command) =>
      withKeys(context, command, options, async (table) => {
        const rows = (await table.list()).map(shownKey);
        context.out(options.json ? `${JSON.stringify(rows, null, 2)}\n` : rows.map(lineOf).join(""));
      }),
  );
  ofStore(keys.command("revoke").description("take a key out of use, within seconds"))
    .argument("<key>", "its id, or the first characters of the key where no other begins with them")
    .action((given: string, options: StoreOptions, command: Command) =>
      withKeys(context, command, options, (table) => revoke(context, table, given)),
    );
};

function ofStore(command: Command): Command {
  return command
    .option("--exporter <id>", "clickhouse exporter whose database is meant, when there are several")
    .option("--json", "print JSON");
}

function uuidArgument(text: string): string {
  const uuid = parseUuid(text);
  if (uuid !== undefined) return uuid;
  throw new InvalidArgumentError("must be a UUID.");
}

function projectOf(text: string): string {
  return text === "new" ? randomUUID() : uuidArgument(text);
}

async function create(context: CommandContext, table: KeyTable, options: CreateOptions): Promise<void> {
  const { name, project, projectName, workspace, access } = options;
  const { key, id } = await table.create({ name, projectId: project, projectName, workspaceId: workspace, access });
  if (options.json)
    context.out(`${JSON.stringify({ id, key, project_id: project, workspace_id: workspace, access })}\n`);
  else context.out(`${key}\nid ${id}, project ${project} (${projectName}), ${access}; the key is not shown again\n`);
}

async function revoke(context: CommandContext, table: KeyTable, given: string): Promise<void> {
  // The whole key may have been given; only its beginning is known.
  const matching = (await table.list()).filter(
    ({ id, prefix }) =>
      id === given.toLowerCase() || (given !== "" && (given.startsWith(prefix) || prefix.startsWith(given))),
  );
  const [key] = matching;
  if (key === undefined) throw new UsageError(`keys: no key ${JSON.stringify(given.slice(0, 36))}`);
  if (matching.length > 1)
    throw new UsageError(`keys: several keys begin so, say the id: ${matching.map(({ id }) => id).join(", ")}`);
  await table.revoke(key.id);
  context.out(`revoked ${key.prefix}... (${key.id})\n`);
}

function shownKey(key: StoredKey) {
  return {
    id: key.id,
    prefix: key.prefix,
    name: key.name,
    project_id: uuidOfProject(key.project),
    project_name: key.projectName,
    workspace_id: key.workspace,
    access: key.access,
    created_at: key.createdAt,
    revoked_at: key.revokedAt,
    last_used_at: key.lastUsedAt,
  };
}

function lineOf(key: ReturnType<typeof shownKey>): string {
  const state = key.revoked_at === null ? key.access : `revoked ${key.revoked_at}`;
  const used = key.last_used_at === null ? "never used" : `used ${key.last_used_at}`;
  return `${key.id}  ${key.prefix}...  ${key.project_id} (${key.project_name})  ${state}  created ${key.created_at}  ${used}  ${key.name}\n`;
}

async function withKeys(
  context: CommandContext,
  command: Command,
  { exporter }: StoreOptions,
  action: (table: KeyTable) => Promise<void>,
): Promise<void> {
  const { config } = clickhouseIn(await loadGiven(context, command), exporter);
  const hosts = createHosts(config, "keys", pino({ level: "silent" }));
  try {
    const client = await hosts.next().client();
    const database = databaseOf(config);
    await migrate(client, ddlOf(config, database), [apiKeysSchema]);
    await action(new KeyTable(async () => client, database));
  } catch (error) {
    throw error instanceof UsageError ? error : explained(error, config);
  } finally {
    await hosts.close();
  }
}

/** The embedded server is there while Signalbox runs, which people forget. */
function explained(error: unknown, { endpoint }: ClickHouseConfig): Error {
  const failure = new ClickHouseFailure(failureOf(error));
  const hint = failure.failure.code === undefined ? "; an embedded server answers while signalbox runs" : "";
  return new Error(`keys: ClickHouse at ${endpoint}: ${failure.message}${hint}`, { cause: error });
}
