import { jsonToProtobuf } from "../../otlp/json-to-protobuf.ts";
import { protobufToJson } from "../../otlp/protobuf-to-json.ts";
import type { Consumer, Processor, Settings } from "../../pipeline/component.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import { ProcessorInstruments } from "../../telemetry/instruments.ts";
import type { ProbabilisticSamplerConfig } from "./config.ts";
import { SamplerInstruments } from "./instruments.ts";
import { type LogRecord, RecordSampler } from "./log-record.ts";
import type { SamplingRule } from "./rule.ts";

/** Lists of an export request for logs, as far as records are reached through them. */
interface LogsRequest {
  resourceLogs?: { scopeLogs?: { logRecords?: LogRecord[] }[] }[];
}

/** Samples log records. Requests are decoded, and written anew, one by one: this is no hot path. */
export class LogsSamplerProcessor implements Processor<OtlpBatch> {
  readonly #next: Consumer<OtlpBatch>;
  readonly #flow: ProcessorInstruments;
  readonly #instruments: SamplerInstruments;
  readonly #sampler: RecordSampler;

  constructor(
    config: ProbabilisticSamplerConfig,
    rule: SamplingRule,
    next: Consumer<OtlpBatch>,
    { meter, id }: Settings,
  ) {
    this.#next = next;
    this.#flow = new ProcessorInstruments(meter, id);
    this.#instruments = new SamplerInstruments(meter, id, "logs");
    this.#sampler = new RecordSampler(config, rule, this.#instruments);
  }

  async start(): Promise<void> {}

  async shutdown(_deadline: AbortSignal): Promise<void> {}

  async consume(batch: OtlpBatch): Promise<void> {
    this.#flow.incoming("logs", batch.itemCount);
    const requests: (Uint8Array | undefined)[] = [];
    let kept = 0;
    for (const bytes of batch.requests) {
      // The reader gives a new object that nobody else holds.
      const request = protobufToJson("logs", bytes) as LogsRequest;
      const records = this.#sample(request);
      requests.push(records === 0 ? undefined : jsonToProtobuf("logs", Buffer.from(JSON.stringify(request))));
      kept += records;
    }
    this.#instruments.flush();
    if (kept === 0) return;
    await this.#next.consume(batch.changed(requests, kept));
    this.#flow.outgoing("logs", kept);
  }

  /** Takes out the records that are not kept, and what is empty then; returns how many are left. */
  #sample(request: LogsRequest): number {
    let kept = 0;
    for (const resource of request.resourceLogs ?? []) {
      for (const scope of resource.scopeLogs ?? []) {
        scope.logRecords = (scope.logRecords ?? []).filter((record) => this.#sampler.keeps(record));
        kept += scope.logRecords.length;
      }
      resource.scopeLogs = (resource.scopeLogs ?? []).filter(({ logRecords }) => logRecords!.length > 0);
    }
    request.resourceLogs = (request.resourceLogs ?? []).filter(({ scopeLogs }) => scopeLogs!.length > 0);
    return kept;
  }
}
