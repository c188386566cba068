import { createNoopMeter } from "@opentelemetry/api";
import { pino } from "pino";
import { decodeTracesJson } from "../../otlp/decode-json.ts";
import { encodeTracesJson } from "../../otlp/encode-json.ts";
import type { Consumer, Settings } from "../component.ts";
import type { Components } from "../components.ts";
import type { SpanBatch } from "../span-batch/span-batch.ts";
import { withPlugin } from "./load.ts";

const noComponents: Components = { receivers: [], processors: [], exporters: [], extensions: [] };

/** A span in OTLP/JSON, as far as tests look at it by name. */
export interface SpanJson {
  readonly name?: string;
  readonly attributes?: readonly { readonly key: string; readonly value?: Readonly<Record<string, unknown>> }[];
  readonly [field: string]: unknown;
}

/** An `ExportTraceServiceRequest` in OTLP/JSON. */
export interface SpansJson {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly SpanJson[] }[] }[];
}

/** What came out of a processor. */
export interface ProcessedSpans {
  readonly otlp: SpansJson;
  /** Derived columns of each span that is left, by name. */
  readonly derived: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Sends spans through one processor of a plugin, as a pipeline would: for the tests of plugins.
 *
 * @param plugin path of the module, from the working directory
 * @param config what stands below the processor's id in YAML
 * @param otlp an `ExportTraceServiceRequest` as OTLP/JSON
 * @throws {Error} what the plugin, its schema or OTLP say
 */
export async function processSpans(
  plugin: string,
  config: unknown,
  otlp: unknown,
  type?: string,
): Promise<ProcessedSpans> {
  const { processors } = await withPlugin(noComponents, plugin);
  const factory = type === undefined ? processors[0] : processors.find((one) => one.type === type);
  if (factory === undefined) throw new Error(`${plugin} has no processor${type === undefined ? "" : ` "${type}"`}`);
  const batches: SpanBatch[] = [];
  const next: Consumer<SpanBatch> = {
    consume: async (batch) => void batches.push(batch),
  };
  const settings: Settings = {
    id: factory.type,
    logger: pino({ level: "silent" }),
    meter: createNoopMeter(),
    acknowledge: "stored",
    signals: ["traces"],
    host: { extension: () => undefined, exporterConfig: () => undefined, fatal: (error) => void Promise.reject(error) },
  };
  const processor = factory.create(factory.configSchema.parse(config), next, settings);
  await processor.start();
  await processor.consume(decodeTracesJson(Buffer.from(JSON.stringify(otlp))).batch);
  await processor.shutdown(AbortSignal.timeout(5_000));
  const kept = batches.flatMap((batch) => [...batch].map((span) => [batch, span.row] as const));
  return {
    otlp: { resourceSpans: batches.flatMap((batch) => jsonOf(batch)) },
    derived: kept.map(([batch, row]) =>
      Object.fromEntries([...batch.derivedNames()].map((name) => [name, batch.getDerived(name, row)])),
    ),
  };
}

function jsonOf(batch: SpanBatch): SpansJson["resourceSpans"] {
  const request = JSON.parse(Buffer.from(encodeTracesJson(batch)).toString()) as Partial<SpansJson>;
  return request.resourceSpans ?? [];
}
