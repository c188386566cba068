import { fieldOfAttribute, promptVersionAttribute } from "../../../pipeline/kept-fields.ts";
import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import type { NumberColumn, TextColumn, TokenColumn, ValueColumn } from "../../../pipeline/span-batch/derived.ts";
import type { SpanSignal } from "../../../pipeline/span-batch/side-tables.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { type AttributeValue, readValue } from "../../../pipeline/span-batch/value.ts";

/** What the processors have made of the spans of a batch, for their answers: its columns, looked up once. */
export class ProcessedSpans {
  readonly batch: SpanBatch;
  readonly spanIdTail: TextColumn | undefined;
  readonly parentSpanIdTail: TextColumn | undefined;
  readonly sessionId: TextColumn | undefined;
  readonly sessionName: TextColumn | undefined;
  readonly kind: TokenColumn | undefined;
  readonly cost: NumberColumn | undefined;
  readonly input: TextColumn | undefined;
  readonly output: TextColumn | undefined;
  readonly errorCode: TokenColumn | undefined;
  readonly errorMessage: TextColumn | undefined;
  readonly errorStack: TextColumn | undefined;
  readonly #tokens: readonly (NumberColumn | undefined)[];
  readonly #models: readonly (TokenColumn | undefined)[];
  readonly #warnings: ValueColumn<readonly string[]> | undefined;
  /** Of the spans themselves, newest last. */
  readonly #signals: ReadonlyMap<number, readonly SpanSignal[]>;
  readonly #attachments: ReadonlyMap<number, readonly object[]>;
  readonly #promptVersionKey: number;

  constructor(batch: SpanBatch) {
    this.batch = batch;
    this.spanIdTail = batch.derivedColumn("SpanIdTail");
    this.parentSpanIdTail = batch.derivedColumn("ParentSpanIdTail");
    this.sessionId = batch.derivedColumn("SessionId");
    this.sessionName = batch.derivedColumn("SessionName");
    this.kind = batch.derivedColumn("OperationKind");
    this.cost = batch.derivedColumn("Cost");
    this.input = batch.derivedColumn("Input");
    this.output = batch.derivedColumn("Output");
    this.errorCode = batch.derivedColumn("ErrorType");
    this.errorMessage = batch.derivedColumn("ErrorMessage");
    this.errorStack = batch.derivedColumn("ErrorStack");
    this.#tokens = [batch.derivedColumn("InputTokens"), batch.derivedColumn("OutputTokens")];
    this.#models = [batch.derivedColumn("RequestModel"), batch.derivedColumn("ResponseModel")];
    this.#warnings = batch.derivedColumn("Warnings");
    this.#signals = byRow(batch.signals.filter(({ entity }) => entity === "span"));
    this.#attachments = byRow(batch.attachments);
    this.#promptVersionKey = batch.attributes.keys.find(promptVersionAttribute);
  }

  hasTokens(row: number): boolean {
    return this.#tokens.some((column) => column?.get(row) !== undefined);
  }

  hasModel(row: number): boolean {
    return this.#models.some((column) => column?.get(row) !== undefined);
  }

  warningsOf(row: number): readonly string[] {
    return this.#warnings?.get(row) ?? [];
  }

  signalsOf(row: number): readonly SpanSignal[] {
    return this.#signals.get(row) ?? [];
  }

  attachmentsOf(row: number): number {
    return this.#attachments.get(row)?.length ?? 0;
  }

  /** Whether something was taken out of what the span says. Images that were refused are, too; the warnings say so. */
  isChanged(row: number): boolean {
    return this.attachmentsOf(row) > 0 || this.warningsOf(row).some((warning) => warning.startsWith("attachment_"));
  }

  promptVersionOf(row: number): string | undefined {
    if (this.#promptVersionKey < 0) return undefined;
    const { attributes, attributeStart, attributeEnd, arena } = this.batch;
    const entry = attributes.find(attributeStart[row]!, attributeEnd[row]!, this.#promptVersionKey);
    if (entry < 0 || attributes.types[entry] !== ValueType.STRING) return undefined;
    return arena.text(attributes.words[2 * entry]!, attributes.words[2 * entry + 1]!);
  }

  /** Attributes without those that keep fields. */
  attributesOf(row: number): Readonly<Record<string, unknown>> {
    const { attributes, attributeStart, attributeEnd, arena } = this.batch;
    const { keys, keyIndexes, types, words } = attributes;
    const sent = new Map<string, unknown>();
    for (let entry = attributeStart[row]!; entry < attributeEnd[row]!; entry++) {
      const key = keys.text(keyIndexes[entry]!);
      if (types[entry] === ValueType.DELETED || fieldOfAttribute(key) !== undefined) continue;
      sent.set(key, jsonOf(readValue(arena, types[entry]!, words[2 * entry]!, words[2 * entry + 1]!)));
    }
    if (sent.has("zeroeval")) sent.delete(promptVersionAttribute);
    return Object.fromEntries(sent);
  }
}

function byRow<Item extends { readonly row: number }>(items: readonly Item[]): ReadonlyMap<number, readonly Item[]> {
  const rows = new Map<number, Item[]>();
  for (const item of items) {
    const ofRow = rows.get(item.row);
    if (ofRow === undefined) rows.set(item.row, [item]);
    else ofRow.push(item);
  }
  return rows;
}

function jsonOf(value: AttributeValue): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, jsonOf(item)]));
  if (Array.isArray(value)) return value.map(jsonOf);
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}
