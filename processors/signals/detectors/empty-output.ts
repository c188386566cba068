import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { Subjects } from "../sources/subjects.ts";
import type { TextSubject } from "../sources/text-subject.ts";
import type { Tree } from "../text/json-path.ts";
import { type Detector, type Finding, noFindings } from "./detector.ts";
import { HollowJson, maxDepth, metadataKeys } from "./hollow-json.ts";

const findings: readonly Finding[] = [{ name: "empty_output", value: true }];

/** Whether an output says nothing: blank, or JSON in which no message has any content, nor calls a tool. */
export class EmptyOutput implements Detector {
  readonly #output: TextSubject;
  readonly #hollow = new HollowJson();

  constructor(subjects: Subjects) {
    this.#output = subjects.field("Output");
  }

  bind(_batch: SpanBatch): void {}

  find(row: number): readonly Finding[] {
    if (!this.#mayBeEmpty(row)) return noFindings;
    const text = this.#output.lengthAt(row) <= maxBlank ? this.#output.text(row) : undefined;
    if (text !== undefined && /^(?:\s|\\n|"|null)*$/.test(text)) return findings;
    const tree = this.#output.json(row);
    return tree !== undefined && isEmpty(tree, 0) ? findings : noFindings;
  }

  /** What every output is asked; most begin to say something within their first bytes. */
  #mayBeEmpty(row: number): boolean {
    const output = this.#output;
    const length = output.lengthAt(row);
    if (length < minGlance) return length >= 0;
    const { start } = output.source;
    const { bytes } = output.batch.arena;
    if (length <= maxBlank && bytes[start]! <= 0x20) return true;
    return this.#hollow.mayBe(bytes, start, start + output.seenLength);
  }
}

/** Shorter outputs are read whole. */
const minGlance = 17;
/** Bytes of an output that may be blank; longer ones are read as JSON only. */
const maxBlank = 256;

function isEmpty(value: Tree, depth: number): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value === "string") return value.trim() === "";
  if (typeof value !== "object" || depth > maxDepth) return false;
  if (Array.isArray(value)) return (value as readonly Tree[]).every((item) => isEmpty(item, depth + 1));
  return Object.entries(value).every(([key, item]) => metadataKeys.has(key) || isEmpty(item as Tree, depth + 1));
}
