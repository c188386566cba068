import type { SpanAttachment, SpanSignal } from "../../../pipeline/span-batch/side-tables.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { BlockAssembler, Delivery, OpenBlocks } from "../assembler.ts";
import { KnownMedia } from "./known-media.ts";
import { SideRows } from "./side-target.ts";

const signalBytes = 160;
const attachmentBytes = 320;

/** Where the blocks of the tables beside the spans are filled. */
export interface SideAssemblers {
  readonly signals: BlockAssembler<SideRows<SpanSignal>>;
  readonly attachments: BlockAssembler<SideRows<SpanAttachment>>;
  readonly attachmentData: BlockAssembler<SideRows<SpanAttachment>>;
}

/** What spans carry along: signals and attachments. */
export class SideIntake {
  readonly assemblers: readonly OpenBlocks[];
  readonly #assemblers: SideAssemblers;
  readonly #known: KnownMedia;

  /** @param ttlMs age at which rows are deleted; 0 for never */
  constructor(assemblers: SideAssemblers, ttlMs: number) {
    this.#assemblers = assemblers;
    this.assemblers = Object.values(assemblers);
    this.#known = new KnownMedia(ttlMs);
  }

  /** Encodes what belongs to spans that are not dropped; says where it is. */
  add(batch: SpanBatch, isAwaited: boolean): Delivery[] {
    if (batch.signals.length === 0 && batch.attachments.length === 0) return [];
    const { signals, attachments } = this.#assemblers;
    const isKept = ({ row }: { readonly row: number }): boolean => !batch.isDropped(row);
    const media = batch.attachments.filter(isKept);
    return [
      ...addAll(signals, new SideRows(batch, batch.signals.filter(isKept), () => signalBytes), isAwaited),
      ...addAll(attachments, new SideRows(batch, media, () => attachmentBytes), isAwaited),
      ...this.#addData(batch, media, isAwaited),
    ];
  }

  #addData(batch: SpanBatch, media: readonly SpanAttachment[], isAwaited: boolean): Delivery[] {
    const fresh = new Map<string, SpanAttachment>();
    for (const medium of media) {
      if (medium.dataLength === 0) continue;
      const key = `${batch.getDerived("ProjectId", medium.row) ?? ""} ${medium.id}`;
      if (!this.#known.has(key)) fresh.set(key, medium);
    }
    const rows = new SideRows(batch, [...fresh.values()], ({ dataLength }) => dataLength);
    const deliveries = addAll(this.#assemblers.attachmentData, rows, isAwaited);
    void this.#remember([...fresh.keys()], deliveries);
    return deliveries;
  }

  /** Only what is committed is known: a block that was given up is not the medium's last chance. */
  async #remember(keys: readonly string[], deliveries: readonly Delivery[]): Promise<void> {
    const results = await Promise.allSettled(deliveries.map(({ promise }) => promise));
    if (results.every(({ status }) => status === "fulfilled")) for (const key of keys) this.#known.add(key);
  }
}

function addAll<Item>(assembler: BlockAssembler<SideRows<Item>>, rows: SideRows<Item>, isAwaited: boolean): Delivery[] {
  return rows.itemCount === 0 ? [] : assembler.add(rows, isAwaited);
}
