import type { z } from "zod";
import type { SpanAttachment } from "../../../pipeline/span-batch/side-tables.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { AttributeValue } from "../../../pipeline/span-batch/value.ts";
import { imagesConfigSchema } from "../../../processors/images/config.ts";
import { imagesFactory } from "../../../processors/images/factory.ts";
import { batchOfSpans } from "../../support/batches.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";

export type ImagesInput = z.input<typeof imagesConfigSchema>;

export const create = (input: ImagesInput = {}, next = new RecordingConsumer<SpanBatch>(), settings = testSettings()) =>
  imagesFactory.create(imagesConfigSchema.parse(input), next, settings);

/** One span after the processor. */
export interface Outcome {
  readonly attributes: Record<string, AttributeValue>;
  readonly attachments: readonly SpanAttachment[];
  /** Bytes of each attachment. */
  readonly data: readonly Buffer[];
  readonly warnings: readonly string[];
  /** Codes of the warnings. */
  readonly codes: readonly string[];
  readonly ids: readonly string[];
  readonly batch: SpanBatch;
}

/** What becomes of row 0 of the batch. */
export async function runBatch(batch: SpanBatch, input: ImagesInput = {}): Promise<Outcome> {
  await create(input).consume(batch);
  let attributes: Record<string, AttributeValue> = {};
  for (const span of batch) {
    attributes = Object.fromEntries(span.attributes);
    break;
  }
  const attachments = batch.attachments.filter(({ row }) => row === 0);
  const warnings = batch.getDerived("Warnings", 0) ?? [];
  return {
    attributes,
    attachments,
    data: attachments.map(({ dataStart, dataLength }) =>
      Buffer.from(batch.arena.bytes.slice(dataStart, dataStart + dataLength)),
    ),
    warnings,
    codes: warnings.map((warning) => warning.split(":")[0]!),
    ids: batch.getDerived("AttachmentIds", 0) ?? [],
    batch,
  };
}

/** What becomes of a span with these attributes. */
export const run = (attributes: Record<string, AttributeValue>, input: ImagesInput = {}): Promise<Outcome> =>
  runBatch(batchOfSpans([{ attributes }]), input);
