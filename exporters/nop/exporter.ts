import type { Batch } from "../../pipeline/batch.ts";
import type { Exporter, Settings } from "../../pipeline/component.ts";
import { ExporterInstruments } from "../../telemetry/instruments.ts";

/** Takes everything and keeps nothing, but counts it: the end of a pipeline under test. */
export class NopExporter implements Exporter {
  readonly #instruments: ExporterInstruments;

  constructor(settings: Settings) {
    this.#instruments = new ExporterInstruments(settings.meter, settings.id);
  }

  async start(): Promise<void> {}

  async consume(batch: Batch): Promise<void> {
    this.#instruments.sent(batch.signal, batch.itemCount);
  }

  async shutdown(): Promise<void> {}
}
