import type { z } from "zod";
import { warnOfAcceptedKeys } from "./accepted.ts";
import { findingsOf } from "./issues.ts";
import { parseMending } from "./parse.ts";
import type { Path } from "./problems.ts";
import type { Report } from "./report.ts";
import type { ResolvedConfig } from "./resolve.ts";

/** A part of the configuration that met its schema. */
export interface Checked<Output> {
  readonly output: Output;
  /** What the user wrote, with strings where strings are wanted. */
  readonly value: unknown;
}

/** Checks `value`, which stands at `path`; undefined when it does not meet the schema, which `report` then knows. */
export function checkValue<Output>(
  schema: z.ZodType<Output>,
  value: unknown,
  path: Path,
  resolved: ResolvedConfig,
  report: Report,
): Checked<Output> | undefined {
  const parsed = parseMending(schema, value, (inner) => resolved.texts.at([...path, ...inner]));
  warnOfAcceptedKeys([schema], parsed.value, path, report);
  if (parsed.success) return { output: parsed.output, value: parsed.value };
  for (const finding of findingsOf(schema, parsed.value, parsed.issues)) {
    report.problem([...path, ...finding.path], finding.message, [...path, ...finding.at]);
  }
  return undefined;
}
