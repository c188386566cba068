import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import type { SpanAttachment, SpanSignal } from "../../../pipeline/span-batch/side-tables.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { type AttributeValue, readValue } from "../../../pipeline/span-batch/value.ts";

/** What the processors have made of a span. */
export interface ProcessedSpan {
  readonly cost: number | undefined;
  readonly hasTokens: boolean;
  readonly warnings: readonly string[];
  readonly attachments: number;
  /** Of the span itself, newest last. */
  readonly signals: readonly SpanSignal[];
  readonly sessionId: string | undefined;
  readonly sessionName: string | undefined;
  readonly input: string | undefined;
  readonly output: string | undefined;
  readonly errorCode: string | undefined;
  readonly errorMessage: string | undefined;
  readonly errorStack: string | undefined;
  /** Where something was taken out of them. */
  readonly attributes: ReadonlyMap<string, AttributeValue> | undefined;
}

/** What a sender has said in so many words need not be read again. */
export interface Said {
  readonly input: boolean;
  readonly output: boolean;
}

/** Reads what answers say of the spans of a batch, row by row. */
export function processedSpans(batch: SpanBatch, said: (row: number) => Said): readonly ProcessedSpan[] {
  const signals = byRow<SpanSignal>(batch.signals.filter(({ entity }) => entity === "span"));
  const attachments = byRow<SpanAttachment>(batch.attachments);
  return Array.from({ length: batch.length }, (_, row) => {
    const media = attachments.get(row)?.length ?? 0;
    const warnings = batch.getDerived("Warnings", row) ?? [];
    // Images that were refused are taken out as well; the warnings say so.
    const isChanged = media > 0 || warnings.some((warning) => warning.startsWith("attachment_"));
    const { input, output } = said(row);
    return {
      cost: batch.getDerived("Cost", row),
      hasTokens: ["InputTokens" as const, "OutputTokens" as const].some(
        (column) => batch.getDerived(column, row) !== undefined,
      ),
      warnings,
      attachments: media,
      signals: signals.get(row) ?? [],
      sessionId: batch.getDerived("SessionId", row),
      sessionName: batch.getDerived("SessionName", row),
      input: input && !isChanged ? undefined : batch.getDerived("Input", row),
      output: output && !isChanged ? undefined : batch.getDerived("Output", row),
      errorCode: batch.getDerived("ErrorType", row),
      errorMessage: batch.getDerived("ErrorMessage", row),
      errorStack: batch.getDerived("ErrorStack", row),
      attributes: isChanged ? attributesOf(batch, row) : undefined,
    };
  });
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

function attributesOf(batch: SpanBatch, row: number): ReadonlyMap<string, AttributeValue> {
  const { keys, keyIndexes, types, words } = batch.attributes;
  const found = new Map<string, AttributeValue>();
  for (let entry = batch.attributeStart[row]!; entry < batch.attributeEnd[row]!; entry++) {
    const type = types[entry]!;
    if (type === ValueType.DELETED) continue;
    found.set(keys.text(keyIndexes[entry]!), readValue(batch.arena, type, words[2 * entry]!, words[2 * entry + 1]!));
  }
  return found;
}
