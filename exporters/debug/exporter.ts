import type { Exporter, Settings } from "../../pipeline/component.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { ExporterInstruments } from "../../telemetry/instruments.ts";
import type { DebugConfig } from "./config.ts";
import { spanDetails, spanLines } from "./format.ts";
import { Output } from "./output.ts";
import { Sampler } from "./sampler.ts";

/** Shows what passes through a pipeline. Of metrics and logs it shows counts, whatever the verbosity. */
export class DebugExporter implements Exporter<SpanBatch | OtlpBatch> {
  readonly #config: DebugConfig;
  readonly #settings: Settings;
  readonly #sampler: Sampler;
  readonly #output: Output;
  readonly #instruments: ExporterInstruments;

  constructor(config: DebugConfig, settings: Settings) {
    this.#config = config;
    this.#settings = settings;
    this.#sampler = new Sampler(config.sampling_initial, config.sampling_thereafter);
    this.#output = new Output(config.use_internal_logger ? [] : config.output_paths, settings.id);
    this.#instruments = new ExporterInstruments(settings.meter, settings.id);
  }

  start(): Promise<void> {
    return this.#output.open();
  }

  async consume(batch: SpanBatch | OtlpBatch): Promise<void> {
    if (this.#sampler.take()) await this.#show(batch);
    this.#instruments.sent(batch.signal, batch.itemCount);
  }

  async shutdown(): Promise<void> {
    await this.#output.close();
  }

  async #show(batch: SpanBatch | OtlpBatch): Promise<void> {
    const counts = countsOf(batch);
    const details = this.#detailsOf(batch);
    if (this.#config.use_internal_logger) {
      this.#settings.logger.info(counts, details === "" ? batch.signal : `${batch.signal}\n${details}`);
    } else {
      const line = [batch.signal, ...Object.entries(counts).map(([name, count]) => `${name}=${count}`)].join(" ");
      await this.#output.write(details === "" ? line : `${line}\n${details}`);
    }
  }

  #detailsOf(batch: SpanBatch | OtlpBatch): string {
    if (batch.signal !== "traces" || this.#config.verbosity === "basic") return "";
    return this.#config.verbosity === "normal" ? spanLines(batch) : spanDetails(batch);
  }
}

function countsOf(batch: SpanBatch | OtlpBatch): Readonly<Record<string, number>> {
  switch (batch.signal) {
    case "traces":
      return { resource_spans: batch.resources.length, spans: batch.itemCount };
    case "metrics":
      return { requests: batch.requests.length, data_points: batch.itemCount };
    case "logs":
      return { requests: batch.requests.length, log_records: batch.itemCount };
  }
}
