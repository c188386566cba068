/** What a signal says something of. */
export type SignalEntity = "span" | "trace" | "session";

/**
 * A named value that was found out about a span, its trace or its session; a row of the table `signals`.
 *
 * A boolean makes a boolean signal, a number (finite) a numerical one, a string a categorical one.
 */
export interface SpanSignal {
  /** The span that made it: its trace and session are the ones meant. */
  readonly row: number;
  readonly entity: SignalEntity;
  /** 1 to 255 characters. */
  readonly name: string;
  readonly value: boolean | number | string;
  /** Who made it: `sdk`, or id and version of a rule. */
  readonly source: string;
}

/** Media taken out of a span; a row of the table `attachments`. */
export interface SpanAttachment {
  readonly row: number;
  /** Position among the attachments of the span, from 0. */
  readonly ordinal: number;
  /** SHA-256 of the bytes, 64 lowercase hex digits. */
  readonly id: string;
  /** What it is to its sender, such as `image` or `screenshot`. */
  readonly type: string;
  /** By its first bytes, not by what the sender said. */
  readonly mediaType: string;
  /** Pixels; 0 where it has none, or they cannot be read. */
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly label: string;
  readonly viewport: string;
  /** JSON object, or "". */
  readonly metadata: string;
  /** Range of the arena with the bytes; length 0 where they are stored at `url`. */
  readonly dataStart: number;
  readonly dataLength: number;
  /** Where the bytes are stored outside of ClickHouse (`file:`, `s3:`), or "". */
  readonly url: string;
}
