import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { Subjects } from "../sources/subjects.ts";
import type { TextSubject } from "../sources/text-subject.ts";
import { type Detector, type Finding, noFindings } from "./detector.ts";
import { type PiiKind, PiiScan, piiKinds } from "./pii-scan.ts";

/** Where a span may hold personal data. */
export const piiFields = ["Input", "Output"] as const;
export type PiiField = (typeof piiFields)[number];

/** Says of each kind of personal data whether it stands in the input, the output or both; never the data itself. */
export class PiiDetector implements Detector {
  readonly #scan: PiiScan;
  readonly #input: TextSubject | undefined;
  readonly #output: TextSubject | undefined;

  constructor(kinds: readonly PiiKind[], fields: readonly PiiField[], subjects: Subjects) {
    this.#scan = new PiiScan(kinds);
    this.#input = fields.includes("Input") ? subjects.field("Input") : undefined;
    this.#output = fields.includes("Output") ? subjects.field("Output") : undefined;
  }

  bind(_batch: SpanBatch): void {}

  find(row: number): readonly Finding[] {
    const input = this.#kindsIn(this.#input, row);
    const output = this.#kindsIn(this.#output, row);
    const both = input | output;
    if (both === 0) return noFindings;
    return piiKinds.flatMap((kind, bit) => {
      if ((both & (1 << bit)) === 0) return [];
      const isInput = (input & (1 << bit)) !== 0;
      const isOutput = (output & (1 << bit)) !== 0;
      return [{ name: `pii_${kind}`, value: isInput && isOutput ? "both" : isInput ? "input" : "output" }];
    });
  }

  #kindsIn(subject: TextSubject | undefined, row: number): number {
    if (subject === undefined || !subject.has(row)) return 0;
    const { start } = subject.source;
    return this.#scan.kindsIn(subject.batch.arena, start, start + subject.seenLength);
  }
}
