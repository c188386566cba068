import { ByteArena } from "../../pipeline/span-batch/arena.ts";
import { giveBuffer } from "../../pipeline/span-batch/buffer-pool.ts";
import { ByteDictionary } from "../../pipeline/span-batch/dictionary.ts";

/** Bytes of memory for a word of a dictionary, beside its text. */
const wordBytes = 28;

/** What packed spans share, each once: they hold numbers of it. */
export class Lexicon {
  readonly arena = new ByteArena();
  /** Names, keys of attributes and tokens. */
  readonly words = new ByteDictionary(this.arena, 64);
  /** Resources and scopes, packed. */
  readonly resources = new ByteDictionary(this.arena, 8);
  readonly scopes = new ByteDictionary(this.arena, 8);
  /** Segments whose spans refer to it. */
  segments = 0;

  /** Bytes of memory. */
  get memory(): number {
    const entries = this.words.starts.length + this.resources.starts.length + this.scopes.starts.length;
    return this.arena.bytes.buffer.byteLength + entries * wordBytes;
  }

  /** Gives its memory back. */
  release(): void {
    giveBuffer(this.arena.bytes);
  }
}
