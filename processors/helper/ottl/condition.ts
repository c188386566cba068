import { z } from "zod";
import { messageOf } from "../../../pipeline/errors.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { parseCondition } from "./parse.ts";
import type { Context } from "./paths.ts";

/** A key that holds a condition. */
export function conditionText(context: Context): z.ZodString {
  return z.string().check((issues) => {
    try {
      parseCondition(issues.value, context, 1);
    } catch (error) {
      issues.issues.push({ code: "custom", message: `not a condition: ${messageOf(error)}`, input: issues.value });
    }
  });
}

/** Whether a row of the batch it was made for meets a condition. */
type RowTest = (row: number) => boolean;

/** Makes what tests the spans of a batch: whether any of `conditions` holds. */
export function spanConditions(
  conditions: readonly string[],
  maxMatchLength: number,
): (batch: SpanBatch) => RowTest | undefined {
  const expressions = conditions.map((text) => parseCondition(text, "span", maxMatchLength));
  return (batch) => {
    if (expressions.length === 0) return undefined;
    const tests = expressions.map((expression) => expression(batch));
    return (row) => tests.some((test) => test(row, -1) === true);
  };
}

/** The same for the events of a span: whether any of `conditions` holds for any of them. */
export function eventConditions(
  conditions: readonly string[],
  maxMatchLength: number,
): (batch: SpanBatch) => RowTest | undefined {
  const expressions = conditions.map((text) => parseCondition(text, "spanevent", maxMatchLength));
  return (batch) => {
    if (expressions.length === 0 || batch.events.length === 0) return undefined;
    const tests = expressions.map((expression) => expression(batch));
    return (row) => {
      for (let event = batch.eventStart[row]!; event < batch.eventEnd[row]!; event++) {
        if (tests.some((test) => test(row, event) === true)) return true;
      }
      return false;
    };
  };
}
