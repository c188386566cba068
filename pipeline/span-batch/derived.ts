import { grown } from "./grow.ts";

/**
 * What processors compute of a span, stored in ClickHouse columns of their own. A column exists in a batch only once a
 * processor has set it somewhere; rows not set hold ClickHouse's default for that column.
 *
 * `text` and `token` hold strings (`token` for few distinct values), `number` a double or nothing, `list` strings, `map`
 * string pairs.
 */
export const derivedColumns = {
  ProjectId: "token",
  OperationKind: "token",
  Provider: "token",
  RequestModel: "token",
  ResponseModel: "token",
  InputTokens: "number",
  OutputTokens: "number",
  CacheReadTokens: "number",
  CacheWriteTokens: "number",
  ReasoningTokens: "number",
  TotalTokens: "number",
  Cost: "number",
  InputCost: "number",
  OutputCost: "number",
  PriceVersion: "token",
  TimeToFirstToken: "number",
  SessionId: "text",
  SessionName: "text",
  UserId: "text",
  AgentId: "text",
  AgentName: "token",
  PromptName: "token",
  PromptVersion: "token",
  FinishReasons: "list",
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
/** The JavaScript value of a derived column. */
export type DerivedValue<N extends DerivedName> = ValueOf[(typeof derivedColumns)[N]];

/** One value per span; NaN where none was set. */
export class NumberColumn {
  values: Float64Array;

  constructor(length: number) {
    this.values = new Float64Array(length).fill(Number.NaN);
  }

  set(row: number, value: number): void {
    if (row >= this.values.length) this.resize(Math.max(row + 1, this.values.length * 2));
    this.values[row] = value;
  }

  get(row: number): number | undefined {
    const value = this.values[row];
    return value === undefined || Number.isNaN(value) ? undefined : value;
  }

  resize(length: number): void {
    const before = this.values.length;
    this.values = grown(this.values, length).fill(Number.NaN, before);
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
}
