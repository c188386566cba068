import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { Scalar } from "../text/json-path.ts";

/** A signal that a detector makes of a span. */
export interface Finding {
  readonly name: string;
  readonly value: Scalar;
}

export const noFindings: readonly Finding[] = [];

/** What a condition cannot say: it looks closer at spans that meet the rule's condition. */
export interface Detector {
  bind(batch: SpanBatch): void;
  find(row: number): readonly Finding[];
}
