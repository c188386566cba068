import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Problem } from "../../../extensions/api/http/errors.ts";
import { storedProjectId } from "../../../pipeline/ids.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { Problems } from "../../../receivers/zeroeval/read/problems.ts";
import { SessionIds } from "../../../receivers/zeroeval/spans/session-ids.ts";
import { SpanReader } from "../../../receivers/zeroeval/spans/span-reader.ts";

export const project = "6f1d3c2b-0000-4000-8000-00000000abcd";
export const storedProject = storedProjectId(project);
export const limits = {
  maxSpans: 1_000,
  maxDepth: 8,
  maxAttributes: 100,
  maxSignals: 20,
  maxRepeatedBytes: 10_000,
  maxTags: 10,
  maxTagLength: 100,
};

/** The least that a span must say. */
export const plainSpan = {
  trace_id: "3f2b8c1e-6a0d-4e57-9b1c-2d7f4a5e6b70",
  name: "answer",
  started_at: "2026-11-21T08:00:00Z",
};

/** A shaped request. */
export async function shaped(file: string): Promise<string> {
  return readFile(fileURLToPath(new URL(`../../testdata/zeroeval/${file}`, import.meta.url)), "utf8");
}

/** Reads items as POST /spans does. */
export function read(...items: unknown[]): {
  readonly batch: SpanBatch;
  readonly problems: readonly Problem[];
  readonly reader: SpanReader;
} {
  return readJson(JSON.stringify(items));
}

/** Reads a body as POST /spans does. */
export function readJson(json: string): {
  readonly batch: SpanBatch;
  readonly problems: readonly Problem[];
  readonly reader: SpanReader;
} {
  const problems = new Problems(100);
  const reader = new SpanReader(project, Buffer.from(json), limits, problems, new SessionIds());
  reader.read();
  return { batch: reader.batch, problems: problems.listed, reader };
}
