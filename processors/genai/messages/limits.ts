/** Bounds of one document. */
export interface MessageLimits {
  /** Messages in a document, and parts in a message. */
  readonly maxMessages: number;
  /** Bytes of a document; the mark that says what is missing comes on top. */
  readonly maxBytes: number;
}
