import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { Tree } from "../text/json-path.ts";
import { type Literal, LiteralSet } from "../text/literal-set.ts";
import type { TextSource } from "./text-source.ts";

/** What goes wrong while rules look at a span; counted, never thrown. */
export type Fault = "json_invalid" | "value_too_long" | "too_many_signals" | "exception";
export type ReportFault = (fault: Fault) => void;

/**
 * One text of a span, such as `Output`, as all rules see it: looked up once a span, searched once for the literals of all
 * rules together, parsed once as JSON; each only when a rule asks for it.
 */
export class TextSubject {
  readonly source: TextSource;
  readonly #maxBytes: number;
  readonly #report: ReportFault;
  readonly #literals: Literal[] = [];
  #groups = 0;
  #set: LiteralSet | undefined;
  #batch: SpanBatch | undefined;
  #isPossible = false;
  #row = -1;
  #isThere = false;
  #scannedRow = -1;
  #parsedRow = -1;
  #tree: Tree;

  /** @param maxBytes how much of a longer text is looked at */
  constructor(source: TextSource, maxBytes: number, report: ReportFault) {
    this.source = source;
    this.#maxBytes = maxBytes;
    this.#report = report;
  }

  /** Has all `literals` searched for; `found` says whether one of them is there. At start only. */
  addGroup(literals: readonly Omit<Literal, "group">[]): number {
    const group = this.#groups++;
    for (const literal of literals) this.#literals.push({ ...literal, group });
    return group;
  }

  /** Called once a batch, before anything is asked. */
  bind(batch: SpanBatch): void {
    this.#set ??= new LiteralSet(this.#literals, this.#groups);
    this.#batch = batch;
    this.#row = this.#scannedRow = this.#parsedRow = -1;
    this.#isPossible = this.source.bind(batch);
  }

  /** Whether any span of the batch can have the text. */
  get isPossible(): boolean {
    return this.#isPossible;
  }

  /** Whether the span has the text. */
  has(row: number): boolean {
    if (this.#row !== row) {
      this.#row = row;
      this.#isThere = this.#isPossible && this.source.find(row);
    }
    return this.#isThere;
  }

  /** Bytes of the text, all of them. */
  lengthAt(row: number): number {
    return this.has(row) ? this.source.length : -1;
  }

  /** Bytes of the text that are looked at. */
  get seenLength(): number {
    return Math.min(this.source.length, this.#maxBytes);
  }

  /** The arena and start of the text; after `has`. */
  get batch(): SpanBatch {
    return this.#batch!;
  }

  found(row: number, group: number): boolean {
    if (!this.has(row)) return false;
    if (this.#scannedRow !== row) {
      this.#scannedRow = row;
      this.#set!.scan(this.#batch!.arena, this.source.start, this.source.start + this.seenLength);
    }
    return this.#set!.found(group);
  }

  bytes(row: number): Uint8Array | undefined {
    if (!this.has(row)) return undefined;
    return this.#batch!.arena.bytes.subarray(this.source.start, this.source.start + this.seenLength);
  }

  text(row: number): string | undefined {
    return this.has(row) ? this.#batch!.arena.text(this.source.start, this.seenLength) : undefined;
  }

  /** The text as JSON; undefined where there is none or it is not JSON, which is a fault where it began as JSON does. */
  json(row: number): Tree {
    if (this.#parsedRow === row) return this.#tree;
    this.#parsedRow = row;
    this.#tree = undefined;
    const text = this.text(row);
    if (text === undefined || !/^\s*[[{]/.test(text)) return undefined;
    try {
      this.#tree = JSON.parse(text) as Tree;
    } catch {
      // A sender, or the bound on what is looked at, has cut it: not an error of the rule.
      this.#report("json_invalid");
    }
    return this.#tree;
  }
}
