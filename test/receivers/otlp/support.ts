import { afterEach } from "vitest";
import type { Settings } from "../../../pipeline/component.ts";
import type { ReceiverConsumers } from "../../../pipeline/factory.ts";
import type { OtlpBatch } from "../../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { type OtlpConfig, otlpConfigSchema } from "../../../receivers/otlp/config.ts";
import { OtlpReceiver } from "../../../receivers/otlp/receiver.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";

const receivers: OtlpReceiver[] = [];

/** A section of YAML. */
export type Section = Record<string, unknown>;

/** Keys of one protocol, on a free port. */
export const onFreePort = (keys: Section = {}): Section => ({ endpoint: "127.0.0.1:0", ...keys });

export function configOf(protocols: Section, keys: Section = {}): OtlpConfig {
  return otlpConfigSchema.parse({ protocols, ...keys }) as OtlpConfig;
}

export interface Started {
  readonly receiver: OtlpReceiver;
  readonly http: string;
  readonly grpc: string;
  readonly traces: RecordingConsumer<SpanBatch>;
  readonly logs: RecordingConsumer<OtlpBatch>;
  readonly metrics: RecordingConsumer<OtlpBatch>;
}

/** Starts a receiver that is shut down after the test. */
export async function startReceiver(
  protocols: Section,
  keys: Section = {},
  { next, settings }: { next?: ReceiverConsumers; settings?: Partial<Settings> } = {},
): Promise<Started> {
  const [traces, logs, metrics] = [
    new RecordingConsumer<SpanBatch>(),
    new RecordingConsumer<OtlpBatch>(),
    new RecordingConsumer<OtlpBatch>(),
  ];
  const config = configOf(protocols, keys);
  const receiver = new OtlpReceiver(
    config,
    next ?? { traces, logs, metrics },
    testSettings({ id: "otlp", ...settings }),
  );
  await receiver.start();
  receivers.push(receiver);
  const { http = "", grpc = "" } = receiver.addresses;
  return { receiver, http, grpc, traces, logs, metrics };
}

afterEach(async () => {
  await Promise.all(receivers.splice(0).map((receiver) => receiver.shutdown(AbortSignal.abort())));
});

/** A next stage that holds every batch until `release` is called. */
export class HoldingConsumer extends RecordingConsumer<SpanBatch> {
  #release!: () => void;
  readonly #released = new Promise<void>((resolve) => {
    this.#release = resolve;
  });

  override async consume(batch: SpanBatch): Promise<void> {
    await super.consume(batch);
    await this.#released;
  }

  release(): void {
    this.#release();
  }
}

/** The same with the protocol http alone. */
export const startHttp = (
  keys: Section = {},
  shared: Section = {},
  doubles: Parameters<typeof startReceiver>[2] = {},
) => startReceiver({ http: onFreePort(keys) }, shared, doubles);
