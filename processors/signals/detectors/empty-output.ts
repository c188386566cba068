import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { Subjects } from "../sources/subjects.ts";
import type { TextSubject } from "../sources/text-subject.ts";
import type { Tree } from "../text/json-path.ts";
import { type Detector, type Finding, noFindings } from "./detector.ts";

/** Members of messages that say nothing of their content. */
const metadataKeys = new Set(
  (
    "role type id index finish_reason finishReason stop_reason stopReason created model object usage logprobs " +
    "system_fingerprint service_tier status annotations safetyRatings avgLogprobs"
  ).split(" "),
);
const maxDepth = 32;
const findings: readonly Finding[] = [{ name: "empty_output", value: true }];

/** Whether an output says nothing: blank, or JSON in which no message has any content, nor calls a tool. */
export class EmptyOutput implements Detector {
  readonly #output: TextSubject;

  constructor(subjects: Subjects) {
    this.#output = subjects.field("Output");
  }

  bind(_batch: SpanBatch): void {}

  find(row: number): readonly Finding[] {
    const text = this.#output.lengthAt(row) <= maxBlank ? this.#output.text(row) : undefined;
    if (text !== undefined && /^(?:\s|\\n|"|null)*$/.test(text)) return findings;
    const tree = this.#output.json(row);
    return tree !== undefined && isEmpty(tree, 0) ? findings : noFindings;
  }
}

/** Bytes of an output that may be blank; longer ones are read as JSON only. */
export const maxBlank = 256;

function isEmpty(value: Tree, depth: number): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value === "string") return value.trim() === "";
  if (typeof value !== "object" || depth > maxDepth) return false;
  if (Array.isArray(value)) return (value as readonly Tree[]).every((item) => isEmpty(item, depth + 1));
  return Object.entries(value).every(([key, item]) => metadataKeys.has(key) || isEmpty(item as Tree, depth + 1));
}
