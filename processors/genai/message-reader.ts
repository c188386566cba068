import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { IndexedShape } from "./dialect.ts";
import type { OutputOutline } from "./messages/output-outline.ts";

/** A text in a batch's arena. */
export interface ArenaRange {
  readonly start: number;
  readonly length: number;
}

/** Puts messages together and looks into them; JSON text in the arena, in and out. `messages/` does it. */
export interface MessageReader {
  indexed(
    batch: SpanBatch,
    entries: readonly number[],
    prefixLength: number,
    shape: IndexedShape,
  ): ArenaRange | undefined;
  fromEvents(batch: SpanBatch, row: number, names: readonly string[]): ArenaRange | undefined;
  withSystem(batch: SpanBatch, system: ArenaRange, messages: ArenaRange | undefined): ArenaRange;
  /** Another batch begins. */
  forget(): void;
  /** Looked for once, for both that follow. */
  outline(batch: SpanBatch, output: ArenaRange): OutputOutline;
  toolCalls(batch: SpanBatch, output: ArenaRange, outline?: OutputOutline): ArenaRange | undefined;
  listedCalls(batch: SpanBatch, list: ArenaRange): ArenaRange | undefined;
  finishReasons(batch: SpanBatch, output: ArenaRange, outline?: OutputOutline): readonly string[] | undefined;
  unwrapped(batch: SpanBatch, text: ArenaRange): ArenaRange;
}
