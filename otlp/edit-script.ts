import type { SpanBatch } from "../pipeline/span-batch/span-batch.ts";
import { writeAttributes } from "./encode-protobuf-messages.ts";
import { ReverseWriter } from "./reverse-writer.ts";

/** Words of one step: its kind and four operands. */
const stepWords = 5;
const Step = {
  /** Bytes `[start, end)` of the request, as they are: start, end. */
  COPY: 0,
  /** Begins a message: tag. */
  OPEN: 1,
  /** Ends the message begun last. */
  CLOSE: 2,
  /** Attributes of a row: row, start, end, tag; tag 0 where others of the row stand before, with another field between. */
  ATTRIBUTES: 3,
} as const;

/**
 * How a request is written anew: its bytes as they came, but for the attributes of some rows, and the lengths of the messages
 * around them. What the reader does not know stays where it stands.
 */
export class EditScript {
  #words = new Uint32Array(64 * stepWords);
  #length = 0;

  /** Bytes `[start, end)` as they are. */
  copy(start: number, end: number): void {
    // Nothing is at a negative index.
    const last = this.#length - stepWords;
    if (this.#words[last] === Step.COPY && this.#words[last + 2] === start) this.#words[last + 2] = end;
    else this.#add(Step.COPY, start, end, 0, 0);
  }

  open(tag: number): void {
    this.#add(Step.OPEN, tag, 0, 0, 0);
  }

  close(): void {
    this.#add(Step.CLOSE, 0, 0, 0, 0);
  }

  /**
   * Attributes of `row`: fields at `[start, end)`, or none.
   *
   * @param tag of these fields when they are the first of the row, else 0
   */
  attributes(row: number, start: number, end: number, tag: number): void {
    const words = this.#words;
    const last = this.#length - stepWords;
    const follows = words[last] === Step.ATTRIBUTES && words[last + 1] === row && words[last + 3] === start;
    if (follows) words[last + 3] = end;
    else this.#add(Step.ATTRIBUTES, row, start, end, tag);
  }

  #add(kind: number, a: number, b: number, c: number, d: number): void {
    const at = this.#length;
    if (at === this.#words.length) {
      const larger = new Uint32Array(at * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[at] = kind;
    this.#words[at + 1] = a;
    this.#words[at + 2] = b;
    this.#words[at + 3] = c;
    this.#words[at + 4] = d;
    this.#length = at + stepWords;
  }

  /**
   * Writes the request, whose bytes are the first of the batch's arena.
   *
   * @param isChanged per row, 1 where its attributes are those of the batch; those of other rows stay as they came
   */
  write(batch: SpanBatch, isChanged: Uint8Array, byteLength: number): Uint8Array {
    const words = this.#words;
    const writer = new ReverseWriter(byteLength);
    const { attributes, attributeEnd, attributeStart } = batch;
    const { bytes } = batch.arena;
    const sizes: number[] = [];
    for (let at = this.#length - stepWords; at >= 0; at -= stepWords) {
      const first = words[at + 1]!;
      const start = words[at + 2]!;
      switch (words[at]) {
        case Step.COPY:
          writer.copy(bytes, first, start - first);
          break;
        case Step.CLOSE:
          sizes.push(writer.size);
          break;
        case Step.OPEN:
          writer.close(first, sizes.pop()!);
          break;
        default: {
          const tag = words[at + 4]!;
          if (isChanged[first] !== 1) writer.copy(bytes, start, words[at + 3]! - start);
          else if (tag !== 0) {
            writeAttributes(writer, tag, bytes, attributes, attributeStart[first]!, attributeEnd[first]!);
          }
        }
      }
    }
    return writer.finish();
  }
}
