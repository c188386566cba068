import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { IndexedShape } from "../dialect.ts";
import { IndexedMessages } from "./indexed.ts";
import { type ArenaRange, JsonWriter } from "./json-writer.ts";
import type { MessageLimits } from "./limits.ts";

export type { ArenaRange, MessageLimits };

/**
 * Puts the messages of a span together into one JSON document of OpenTelemetry's shape (`gen_ai.input.messages`), and finds
 * things in such documents. Everything is written to the arena of the batch; what was there is never changed.
 *
 * A document that is larger than the limits ends with what fits and with a message of role `truncated`, see `limits.ts`.
 *
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-input-messages.json
 */
export class MessageAssembler {
  readonly #writer = new JsonWriter();
  readonly #indexed: IndexedMessages;

  constructor(limits: MessageLimits) {
    this.#indexed = new IndexedMessages(this.#writer, limits);
  }

  /**
   * Messages that are spread over numbered attributes.
   *
   * @param entries numbers of the span's attributes with the prefix, in the order they were sent
   * @param prefixLength bytes of the prefix (ASCII), the dot included
   * @returns undefined when no key among them is known
   */
  indexed(
    batch: SpanBatch,
    entries: readonly number[],
    prefixLength: number,
    shape: IndexedShape,
  ): ArenaRange | undefined {
    return this.#indexed.write(batch, entries, prefixLength, shape);
  }
}
