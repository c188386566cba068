import { z } from "zod";
import { signalValues } from "../signals/model.ts";
import { spanRead } from "../spans/model.ts";
import { traceStatuses } from "./filter.ts";

const text = z.string().nullable();
const tags = z.record(z.string(), z.string());

/** TraceRead: a trace as the API answers it. */
export const traceRead = z
  .object({
    id: z.string().describe("UUID."),
    project_id: z.string().describe("UUID."),
    session_id: text.describe("UUID of the session; the first that any of its spans has named."),
    name: text.describe("As given, else that of the root span."),
    status: z
      .enum(traceStatuses)
      .nullable()
      .describe("How it went; null: not said, in the answer to a write that says nothing of the spans."),
    started_at: text.describe("ISO 8601 in UTC."),
    ended_at: text.describe("ISO 8601 in UTC; null while no span has ended."),
    duration_ms: z.number().nullable().describe("Milliseconds."),
    cost: z.number().nullable().describe("US dollars; null: no span has a cost."),
    span_count: z.int(),
    error_count: z.int().describe("Spans with an error."),
    root_span_input: text,
    root_span_output: text,
    tags: tags.describe("The trace's own."),
    attributes: z.record(z.string(), z.unknown()),
    signals: signalValues,
    created_at: z.string().describe("When the first of it arrived."),
    updated_at: z.string().describe("When the last of it arrived."),
  })
  .meta({ id: "TraceRead" });

/** A span in the tree of a trace. */
export const treeNode = z
  .object({
    id: z.string(),
    parent_span_id: text,
    depth: z.int().describe("0 for spans whose parent is not in the trace."),
    name: z.string(),
    kind: z.string(),
    has_error: z.boolean(),
    started_at: z.string(),
    duration_ms: z.number().nullable(),
    cost: z.number().nullable(),
  })
  .meta({ id: "TreeNode" });
export type TreeNode = z.output<typeof treeNode>;

export const traceWithSpans = traceRead
  .extend({
    spans: z.array(spanRead).describe("The first spans, by start; more are read with /traces/{id}/spans."),
    tree: z.array(treeNode).describe("All spans, each behind its parent: parents first, children by start."),
  })
  .meta({ id: "TraceWithSpans" });
