import { ClickHouseError } from "@clickhouse/client";
import { OutsideEvents } from "../../processors/genai/outside-events.ts";
import { grouped } from "../grouped.ts";
import type { Reader } from "../reader.ts";
import type { SpanRow } from "../spans/row.ts";
import { eventsOf } from "./events.ts";
import { type MessageRow, messagesStatement } from "./statement.ts";

/**
 * What the server says of log records that cannot be read: there is no table of them, since no pipeline stores logs; it is
 * another program's and tells no projects apart; the user of the API may not read it.
 */
const unreadable: ReadonlySet<string> = new Set(["47", "60", "497"]);

/** How long that is believed. No option: it bounds how often the server is asked for nothing. */
const beliefMs = 60_000;

/** Digits of a span id of OTLP: log records name no others. */
const otlpDigits = 16;

const tooLong =
  "messages_left_out: the messages of the span are in log records, of which there are more than reads.max_message_records or reads.max_message_bytes lets one answer read";

/**
 * Messages of spans that came as log records, as OpenTelemetry's own instrumentations send them. Nothing is asked where no
 * span lacks messages.
 */
export class LoggedMessages {
  readonly #events = new OutsideEvents();
  #unreadableUntilMs = 0;

  /**
   * Spans as they are, but for calls of models without messages of their own: these with the messages that were logged, in the
   * form of those that spans bring along.
   *
   * @param spans whole, versions put together
   */
  async of(
    reader: Reader,
    project: string,
    spans: readonly SpanRow[],
    signal?: AbortSignal,
  ): Promise<readonly SpanRow[]> {
    const lacking = spans.filter(lacksMessages);
    if (lacking.length === 0 || performance.now() < this.#unreadableUntilMs) return spans;
    const records = await this.#records(reader, project, lacking, signal);
    if (records.length === 0) return spans;
    const bySpan = grouped(records, keyOf);
    const told = lacking.map((span) => ({ span, ofSpan: bySpan.get(keyOf(span)) ?? [] }));
    const documents = this.#events.documents(told.map(({ ofSpan }) => eventsOf(ofSpan)));
    const filled = new Map(
      told.map(({ span, ofSpan }, index) => {
        const { input, output } = documents[index]!;
        const isLeftOut = ofSpan.some(({ Fits }) => !Fits);
        const Warnings = isLeftOut ? [...span.Warnings, tooLong] : span.Warnings;
        return [span, { ...span, Input: input, Output: output, Warnings }];
      }),
    );
    return spans.map((span) => filled.get(span) ?? span);
  }

  async #records(
    reader: Reader,
    project: string,
    spans: readonly SpanRow[],
    signal: AbortSignal | undefined,
  ): Promise<readonly MessageRow[]> {
    try {
      return await reader.rows<MessageRow>(messagesStatement(reader, project, spans), { signal });
    } catch (error) {
      if (!(error instanceof ClickHouseError) || !unreadable.has(error.code)) throw error;
      // Spans are shown as they were sent: that is no failure of the read.
      this.#unreadableUntilMs = performance.now() + beliefMs;
      return [];
    }
  }
}

function keyOf({ TraceId, SpanId }: Pick<SpanRow, "TraceId" | "SpanId">): string {
  return TraceId + SpanId;
}

function lacksMessages({ OperationKind, Input, Output, SpanId }: SpanRow): boolean {
  return OperationKind === "llm" && Input === "" && Output === "" && SpanId.length === otlpDigits;
}
