import type { RowOf } from "../../exporters/clickhouse/schema/record-table.ts";
import { judgeTable } from "../../exporters/clickhouse/schema/records.ts";
import type { Records } from "../store/records.ts";

export type Judge = RowOf<typeof judgeTable>;

const taskPattern = /^judge-([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/;

/** The task of a judge's own prompt. @param judgeId UUID */
export function taskOfJudge(judgeId: string): string {
  return `judge-${judgeId.replaceAll("-", "")}`;
}

/** The judge that a prompt belongs to. */
export async function judgeOfPrompt(
  records: Records,
  project: string,
  prompt: { readonly TaskName: string },
): Promise<Judge | undefined> {
  const digits = taskPattern.exec(prompt.TaskName);
  if (digits === null) return undefined;
  return records.find(judgeTable, project, { JudgeId: digits.slice(1).join("-") });
}
