import type { StoreTables } from "../../query/reader.ts";
import { ofProject, raw, type Statement, sql, statementOf } from "../../query/sql.ts";
import type { RecordsConfig } from "../config.ts";
import type { Records, Scope } from "../store/records.ts";
import type { Prompts } from "./prompts.ts";

/*
 * A task may be named by spans alone, by a program that never asked for its prompt. Ingest does not look for such names:
 * they become tasks when somebody lists prompts, or gives feedback to such a span.
 */

/** Which spans are looked at, and for how many names. */
type DiscoveryBounds = Pick<RecordsConfig, "discovery_age" | "max_discovered_prompts">;

/** Names of prompts and tasks that recent spans say and no prompt has. @param prompts name of the table of prompts */
export function namedBySpans(
  tables: StoreTables,
  prompts: string,
  project: string,
  { discovery_age: ageMs, max_discovered_prompts: most }: DiscoveryBounds,
): Statement {
  const known = (field: string) => sql`SELECT ${raw(field)} FROM ${raw(prompts)} WHERE ${ofProject(project)}`;
  return statementOf(sql`SELECT DISTINCT PromptName AS Name
    FROM ${raw(tables.spans)}
    WHERE ${ofProject(project)}
    AND Timestamp > now() - toIntervalSecond(${raw(String(Math.ceil(ageMs / 1_000)))})
    AND PromptName != ''
    AND PromptName NOT IN (${known("Slug")} UNION ALL ${known("TaskName")} UNION ALL ${known("PromptId")})
    ORDER BY Name
    LIMIT ${raw(String(most))}`);
}

/** Makes the tasks that spans name. */
export async function discoverTasks(records: Records, prompts: Prompts, scope: Scope): Promise<void> {
  const table = records.nameOf({ name: "prompts" });
  const statement = namedBySpans(records.reader.tables, table, scope.project, records.limits);
  for (const { Name } of await records.rows<{ Name: string }>(statement)) await prompts.ensure(scope, Name);
}
