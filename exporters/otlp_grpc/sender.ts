import { createSecureContext } from "node:tls";
import {
  type ChannelOptions,
  Client,
  ChannelCredentials as Credentials,
  compressionAlgorithms,
  connectivityState,
  credentials,
  Metadata,
} from "@grpc/grpc-js";
import { ClientTlsSource } from "../../net/tls-client.ts";
import { decodeExportResponse } from "../../otlp/response.ts";
import type { ClientAuthenticator } from "../../pipeline/auth.ts";
import type { Signal } from "../../pipeline/batch.ts";
import type { Settings } from "../../pipeline/component.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { clientAuthenticator } from "../helper/authenticator.ts";
import type { PieceLimits, Sender, SendResult } from "../helper/exporter.ts";
import { joinProtobuf, type OtlpLoad, protobufLoads } from "../helper/otlp-load.ts";
import { Reach } from "../helper/reach.ts";
import type { OtlpGrpcConfig } from "./config.ts";
import { pipelineErrorOf } from "./errors.ts";
import { parseTarget } from "./target.ts";

const methods: Readonly<Record<Signal, string>> = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
};

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** Sends OTLP requests over one gRPC channel. */
export class OtlpGrpcSender implements Sender<SpanBatch | OtlpBatch, OtlpLoad, Buffer> {
  readonly #config: OtlpGrpcConfig;
  readonly #settings: Settings;
  readonly #tls: ClientTlsSource;
  readonly #reach: Reach;
  #authenticator: ClientAuthenticator | undefined;
  #client: Client | undefined;
  /** What `#client` was made with. */
  #clientTls: unknown;

  constructor(config: OtlpGrpcConfig, settings: Settings) {
    this.#config = config;
    this.#settings = settings;
    this.#tls = new ClientTlsSource(config.tls, settings.id, settings.logger);
    this.#reach = new Reach(async () => this.#isConnected(), config.probe);
  }

  async start(): Promise<void> {
    this.#authenticator = clientAuthenticator(this.#config.auth, this.#settings);
    await this.#currentClient();
  }

  async stop(): Promise<void> {
    this.#reach.close();
    this.#client?.close();
    this.#client = undefined;
  }

  load(batch: SpanBatch | OtlpBatch, limits: PieceLimits): readonly OtlpLoad[] {
    return protobufLoads(batch, limits);
  }

  async prepare(_signal: Signal, pieces: readonly OtlpLoad[]): Promise<Buffer> {
    return asBuffer(joinProtobuf(pieces));
  }

  reach(): Reach {
    return this.#reach;
  }

  async send(signal: Signal, request: Buffer, abort: AbortSignal): Promise<SendResult> {
    const client = await this.#currentClient();
    const metadata = await this.#metadata();
    const { timeout } = this.#config;
    const options = timeout > 0 ? { deadline: Date.now() + timeout } : {};
    return new Promise((resolve, reject) => {
      abort.throwIfAborted();
      const cancel = (): void => call.cancel();
      const call = client.makeUnaryRequest(
        methods[signal],
        (body: Buffer) => body,
        decodeExportResponse,
        request,
        metadata,
        options,
        (error, response) => {
          abort.removeEventListener("abort", cancel);
          if (error !== null) reject(pipelineErrorOf(error, this.#config.endpoint));
          else resolve(response ?? { rejectedItems: 0, message: "" });
        },
      );
      abort.addEventListener("abort", cancel, { once: true });
    });
  }

  /** The channel connects by itself, and calls fail at once until it has. An idle one is told to. */
  #isConnected(): boolean {
    return this.#client?.getChannel().getConnectivityState(true) === connectivityState.READY;
  }

  async #metadata(): Promise<Metadata> {
    const metadata = new Metadata({ waitForReady: this.#config.wait_for_ready });
    const headers = { ...this.#config.headers, ...(await this.#authenticator?.headers()) };
    for (const [name, value] of Object.entries(headers)) {
      metadata.set(name, name.toLowerCase().endsWith("-bin") ? Buffer.from(value) : value);
    }
    return metadata;
  }

  /** The client, made anew when the certificates have changed. Requests of the old one finish. */
  async #currentClient(): Promise<Client> {
    const target = parseTarget(this.#config.endpoint);
    const tls = isSecure(this.#config) ? await this.#tls.options() : undefined;
    if (this.#client !== undefined && tls === this.#clientTls) return this.#client;
    this.#client?.close();
    const { rejectUnauthorized = true, ...context } = tls ?? {};
    const channelCredentials =
      tls === undefined
        ? credentials.createInsecure()
        : Credentials.createFromSecureContext(createSecureContext(context), { rejectUnauthorized });
    this.#client = new Client(target.address, channelCredentials, channelOptions(this.#config));
    this.#clientTls = tls;
    return this.#client;
  }
}

/** Whether requests go over TLS: the endpoint's scheme says it, or else `tls.insecure`. */
export function isSecure({ endpoint, tls }: OtlpGrpcConfig): boolean {
  return parseTarget(endpoint).secure ?? !tls.insecure;
}

const algorithms = {
  gzip: compressionAlgorithms.gzip,
  deflate: compressionAlgorithms.deflate,
  none: compressionAlgorithms.identity,
  "": compressionAlgorithms.identity,
} as const;

function channelOptions(config: OtlpGrpcConfig): ChannelOptions {
  const { keepalive, authority, balancer_name, tls, probe } = config;
  return {
    "grpc.default_compression_algorithm": algorithms[config.compression],
    "grpc.primary_user_agent": config.user_agent,
    "grpc.keepalive_time_ms": keepalive.time,
    "grpc.keepalive_timeout_ms": keepalive.timeout,
    "grpc.keepalive_permit_without_calls": keepalive.permit_without_stream ? 1 : 0,
    // By default a channel tries after two minutes again in the end, and all calls fail until then.
    "grpc.initial_reconnect_backoff_ms": probe.interval,
    "grpc.max_reconnect_backoff_ms": probe.interval,
    "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ [balancer_name]: {} }] }),
    ...(authority !== undefined && { "grpc.default_authority": authority }),
    ...(tls.server_name_override !== undefined && { "grpc.ssl_target_name_override": tls.server_name_override }),
  };
}
