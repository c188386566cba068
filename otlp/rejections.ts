/** Why a span can never be stored, as a sender reads it in `partial_success.error_message`. */
export const Rejection = {
  NONE: "",
  TRACE_ID: "trace_id must be 16 bytes, not all zero",
  SPAN_ID: "span_id must be 8 bytes, not all zero",
  PARENT_SPAN_ID: "parent_span_id must be empty or 8 bytes",
  LINK_ID: "a link needs a trace_id of 16 and a span_id of 8 bytes",
  TIME: "times must be below 2^63 nanoseconds (the year 2262)",
  DEPTH: "attribute value nested deeper than max_depth",
  ATTRIBUTES: "more attributes than max_attributes_per_span",
  EVENTS: "more events than max_events_per_span",
  LINKS: "more links than max_links_per_span",
} as const;
export type Rejection = (typeof Rejection)[keyof typeof Rejection];

/** Counts rejected spans by reason. */
export class Rejections {
  count = 0;
  readonly #byReason = new Map<Rejection, number>();

  add(reason: Rejection): void {
    this.count++;
    this.#byReason.set(reason, (this.#byReason.get(reason) ?? 0) + 1);
  }

  /** One line for the sender, such as `2 spans: trace_id must be 16 bytes, not all zero`; "" when there are none. */
  message(): string {
    return [...this.#byReason]
      .map(([reason, count]) => `${count} ${count === 1 ? "span" : "spans"}: ${reason}`)
      .join("; ");
  }
}
