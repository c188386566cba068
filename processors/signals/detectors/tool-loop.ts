import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { Subjects } from "../sources/subjects.ts";
import type { TextSubject } from "../sources/text-subject.ts";
import { DerivedWord } from "../sources/word-source.ts";
import type { Tree } from "../text/json-path.ts";
import type { CallMemory } from "./call-memory.ts";
import { type Detector, type Finding, noFindings } from "./detector.ts";
import { hashOf } from "./hash.ts";

/**
 * Traces in which one tool is called with the same arguments again and again. Calls that a model asks for and spans of
 * tools that run are counted apart, since most are both. The value is the name of the tool.
 */
export class ToolLoop implements Detector {
  readonly #memory: CallMemory;
  readonly #toolName = new DerivedWord("ToolName");
  readonly #toolCallId: TextSubject;
  readonly #input: TextSubject;
  readonly #toolCalls: TextSubject;
  #batch: SpanBatch | undefined;
  #hasNames = false;

  /** @param memory outlives the rules, which may be read again */
  constructor(memory: CallMemory, subjects: Subjects) {
    this.#memory = memory;
    this.#toolCallId = subjects.field("ToolCallId");
    this.#input = subjects.field("Input");
    this.#toolCalls = subjects.field("ToolCalls");
  }

  bind(batch: SpanBatch): void {
    this.#batch = batch;
    this.#hasNames = this.#toolName.bind(batch);
  }

  find(row: number): readonly Finding[] {
    const name = this.#hasNames ? this.#toolName.indexAt(row) : -1;
    return this.#toolCalls.has(row) ? this.#askedFor(row) : name < 0 ? noFindings : this.#run(row, name);
  }

  #run(row: number, nameIndex: number): readonly Finding[] {
    const name = this.#toolName.valueOf(nameIndex);
    const { spanId } = this.#batch!;
    const id = this.#toolCallId.text(row) || spanId.subarray(8 * row, 8 * row + 8);
    const call = hashOf("run", name, this.#input.bytes(row) ?? "");
    return this.#memory.add(this.#traceOf(row), call, hashOf(id)) ? [{ name: "tool_loop", value: name }] : noFindings;
  }

  #askedFor(row: number): readonly Finding[] {
    const calls = this.#toolCalls.json(row);
    if (!Array.isArray(calls)) return noFindings;
    const { spanId } = this.#batch!;
    const span = Buffer.from(spanId.subarray(8 * row, 8 * row + 8)).toString("hex");
    const findings: Finding[] = [];
    for (const [position, call] of (calls as readonly Tree[]).entries()) {
      const { id, name, arguments: args } = (call ?? {}) as { id?: unknown; name?: unknown; arguments?: unknown };
      if (typeof name !== "string") continue;
      const written = typeof args === "string" ? args : (JSON.stringify(args) ?? "");
      const idHash = hashOf(typeof id === "string" && id !== "" ? id : `${span}/${position}`);
      const hasLooped = this.#memory.add(this.#traceOf(row), hashOf("asked", name, written), idHash);
      if (hasLooped) findings.push({ name: "tool_loop", value: name });
    }
    return findings;
  }

  #traceOf(row: number): number {
    return hashOf(this.#batch!.traceId.subarray(16 * row, 16 * row + 16));
  }
}
