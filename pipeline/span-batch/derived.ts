import type { ByteArena } from "./arena.ts";
import type { ByteDictionary } from "./dictionary.ts";
import { grown } from "./grow.ts";
import { MapColumn } from "./map-column.ts";

/**
 * What processors compute of a span, stored in ClickHouse columns of their own. A column exists in a batch only once a
 * processor has set it somewhere; rows not set hold ClickHouse's default for that column.
 *
 * `text` and `token` hold strings (`token` for few distinct values), `number` a double or nothing, `list` strings, `map`
 * string pairs.
 */
export const derivedColumns = {
  /**
   * The second 8 bytes of ids that have 16, which OTLP's have not: not UTF-8. They are stored as one id with the first 8
   * bytes, which are enough to tell spans of a trace apart.
   */
  SpanIdTail: "text",
  ParentSpanIdTail: "text",
  ProjectId: "token",
  /** `open` where the sender has not said when the span ended; its duration may be known all the same. */
  EndState: "token",
  /** Milliseconds, where the sender said another duration than the time between start and end. */
  SentDuration: "number",
  /** Of the attributes, as the `genai` processor recognised it. */
  Dialect: "token",
  OperationKind: "token",
  Provider: "token",
  RequestModel: "token",
  ResponseModel: "token",
  ResponseId: "text",
  /** All input tokens, those read from and written to a cache included. */
  InputTokens: "number",
  /** All output tokens, reasoning included. */
  OutputTokens: "number",
  CacheReadTokens: "number",
  CacheWriteTokens: "number",
  ReasoningTokens: "number",
  /** Audio tokens among the input and the output tokens. */
  InputAudioTokens: "number",
  OutputAudioTokens: "number",
  TotalTokens: "number",
  /** US dollars. */
  Cost: "number",
  InputCost: "number",
  OutputCost: "number",
  /** Where the prices came from, `client` where the sender said the cost. */
  PriceVersion: "token",
  PriceTier: "token",
  /** Nanoseconds. */
  TimeToFirstToken: "number",
  /** JSON object: temperature, top_p, max_tokens and the like. */
  RequestParameters: "text",
  SessionId: "text",
  SessionName: "text",
  UserId: "text",
  AgentId: "text",
  AgentName: "token",
  PromptName: "token",
  PromptVersion: "token",
  /** JSON object. */
  PromptVariables: "text",
  FinishReasons: "list",
  /** Of a span that is itself the call of a tool. */
  ToolName: "token",
  ToolCallId: "text",
  /** Calls that a model asked for: JSON array of `{"id", "name", "arguments"}`. */
  ToolCalls: "text",
  /** Text, or JSON text. */
  Input: "text",
  Output: "text",
  Tags: "map",
  ErrorType: "token",
  ErrorMessage: "text",
  ErrorStack: "text",
  AttachmentIds: "list",
  SampleWeight: "number",
  SamplePolicy: "token",
  Warnings: "list",
} as const;

export type DerivedName = keyof typeof derivedColumns;
type ValueOf = {
  token: string;
  text: string;
  number: number;
  list: readonly string[];
  map: ReadonlyMap<string, string>;
};
type ColumnOf = {
  token: TokenColumn;
  text: TextColumn;
  number: NumberColumn;
  list: ValueColumn<readonly string[]>;
  map: MapColumn;
};
/** The JavaScript value of a derived column. */
export type DerivedValue<N extends DerivedName> = ValueOf[(typeof derivedColumns)[N]];
/** The class of a derived column. */
export type DerivedColumn<N extends DerivedName = DerivedName> = ColumnOf[(typeof derivedColumns)[N]];

/** One value per span; NaN where none was set. */
export class NumberColumn {
  values: Float64Array;

  constructor(rows: number) {
    this.values = new Float64Array(rows).fill(Number.NaN);
  }

  set(row: number, value: number): void {
    if (row >= this.values.length) this.#resize(Math.max(row + 1, this.values.length * 2));
    this.values[row] = value;
  }

  get(row: number): number | undefined {
    const value = this.values[row];
    return value === undefined || Number.isNaN(value) ? undefined : value;
  }

  unset(row: number): void {
    if (row < this.values.length) this.values[row] = Number.NaN;
  }

  /** Forgets the values of the first `rows` rows; no row behind them was set. */
  clear(rows: number): void {
    this.values.fill(Number.NaN, 0, rows);
  }

  #resize(length: number): void {
    const before = this.values.length;
    this.values = grown(this.values, length).fill(Number.NaN, before);
  }
}

/** A text of few distinct values per span, by way of `SpanBatch.tokens`. */
export class TokenColumn {
  /** Entry of the dictionary + 1; 0: not set. */
  entries: Uint32Array;
  readonly #tokens: ByteDictionary;

  constructor(rows: number, tokens: ByteDictionary) {
    this.entries = new Uint32Array(rows);
    this.#tokens = tokens;
  }

  set(row: number, text: string): void {
    this.setIndex(row, this.#tokens.internText(text));
  }

  /** Sets the text that `SpanBatch.tokens` has at `index`. */
  setIndex(row: number, index: number): void {
    if (row >= this.entries.length) this.entries = grown(this.entries, Math.max(row + 1, this.entries.length * 2));
    this.entries[row] = index + 1;
  }

  get(row: number): string | undefined {
    const index = this.indexAt(row);
    return index < 0 ? undefined : this.#tokens.text(index);
  }

  /** The index into `SpanBatch.tokens`, or -1 where none was set. */
  indexAt(row: number): number {
    return row < this.entries.length ? this.entries[row]! - 1 : -1;
  }

  unset(row: number): void {
    if (row < this.entries.length) this.entries[row] = 0;
  }

  /** Forgets the values of the first `rows` rows; no row behind them was set. */
  clear(rows: number): void {
    this.entries.fill(0, 0, rows);
  }
}

/** A text per span: a range of the arena, which may be that of an attribute. */
export class TextColumn {
  /** Start and length + 1 of each; 0 as the second word: not set. */
  ranges: Uint32Array;
  readonly #arena: ByteArena;

  constructor(rows: number, arena: ByteArena) {
    this.ranges = new Uint32Array(2 * rows);
    this.#arena = arena;
  }

  set(row: number, text: string): void {
    const start = this.#arena.appendText(text);
    this.setRange(row, start, this.#arena.length - start);
  }

  /** Sets the text at a range of the batch's arena; nothing is copied. */
  setRange(row: number, start: number, length: number): void {
    if (2 * row >= this.ranges.length) this.ranges = grown(this.ranges, Math.max(2 * row + 2, this.ranges.length * 2));
    this.ranges[2 * row] = start;
    this.ranges[2 * row + 1] = length + 1;
  }

  get(row: number): string | undefined {
    const length = this.lengthAt(row);
    return length < 0 ? undefined : this.#arena.text(this.startAt(row), length);
  }

  startAt(row: number): number {
    return this.ranges[2 * row] ?? 0;
  }

  /** Bytes of the text, or -1 where none was set. */
  lengthAt(row: number): number {
    return 2 * row < this.ranges.length ? this.ranges[2 * row + 1]! - 1 : -1;
  }

  unset(row: number): void {
    if (2 * row < this.ranges.length) this.ranges[2 * row + 1] = 0;
  }

  /** Forgets the values of the first `rows` rows; no row behind them was set. */
  clear(rows: number): void {
    this.ranges.fill(0, 0, 2 * rows);
  }
}

/** One value per span; undefined where none was set. */
export class ValueColumn<V> {
  readonly values: (V | undefined)[] = [];

  set(row: number, value: V): void {
    while (this.values.length < row) this.values.push(undefined);
    this.values[row] = value;
  }

  get(row: number): V | undefined {
    return this.values[row];
  }

  unset(row: number): void {
    if (row < this.values.length) this.values[row] = undefined;
  }

  /** Forgets the values of the first `rows` rows; no row behind them was set. */
  clear(rows: number): void {
    this.values.fill(undefined, 0, rows);
  }
}

/** Makes the column of `name` with room for `rows` spans of a batch with that arena and those tokens. */
export function createDerivedColumn(
  name: DerivedName,
  rows: number,
  arena: ByteArena,
  tokens: ByteDictionary,
): DerivedColumn {
  switch (derivedColumns[name]) {
    case "number":
      return new NumberColumn(rows);
    case "token":
      return new TokenColumn(rows, tokens);
    case "text":
      return new TextColumn(rows, arena);
    case "list":
      return new ValueColumn<readonly string[]>();
    case "map":
      return new MapColumn(rows, arena, tokens);
  }
}
