import { SpanCursor } from "../../pipeline/span-batch/cursor.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { Plan } from "./engine/plan.ts";
import type { SpanFacts } from "./engine/span-facts.ts";
import type { MappingObserver } from "./mapper.ts";
import { sourceText } from "./source-text.ts";
import type { SpanOutcome } from "./span-outcome.ts";

/** The attribute that says what filled the columns of a span. */
export const mappingAttribute = "signalbox.mapping";

/**
 * Writes `signalbox.mapping`: a JSON object from column to `dialect: key`, with `"UsageRepeats": true` where the usage was
 * left out because spans below have it.
 */
export class ProvenanceWriter implements MappingObserver {
  readonly #rows = new Map<number, Record<string, unknown>>();

  mapped({ row }: SpanFacts, plan: Plan, outcome: SpanOutcome): void {
    const fields: Record<string, unknown> = {};
    for (const [index, { target }] of plan.steps.entries()) {
      const winner = outcome.winners[index];
      if (winner !== undefined) fields[target] = `${winner.dialect.name}: ${sourceText(winner.source)}`;
    }
    const tags = outcome.tagSources.map(({ dialect, source }) => `${dialect.name}: ${sourceText(source)}`);
    if (tags.length > 0) fields["Tags"] = tags;
    if (Object.keys(fields).length > 0) this.#rows.set(row, fields);
  }

  settled(batch: SpanBatch, repeating: readonly number[]): void {
    const isRepeating = new Set(repeating);
    const cursor = new SpanCursor(batch);
    for (const [row, fields] of this.#rows) {
      cursor.row = row;
      if (isRepeating.has(row)) fields["UsageRepeats"] = true;
      cursor.attributes.set(mappingAttribute, JSON.stringify(fields));
    }
    this.#rows.clear();
  }
}
