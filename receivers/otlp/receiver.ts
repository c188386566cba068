import type { Receiver, Settings } from "../../pipeline/component.ts";
import type { ReceiverConsumers } from "../../pipeline/factory.ts";
import type { OtlpConfig } from "./config.ts";
import { GrpcProtocol } from "./grpc.ts";
import { HttpProtocol } from "./http.ts";
import { InFlight } from "./in-flight.ts";
import { Intake } from "./intake.ts";

/** Where a receiver listens, in the form of endpoints; set while it is started. */
export interface ReceiverAddresses {
  readonly grpc?: string;
  readonly http?: string;
}

/** Takes OTLP over gRPC and HTTP. */
export class OtlpReceiver implements Receiver {
  readonly #grpc: GrpcProtocol | undefined;
  readonly #http: HttpProtocol | undefined;
  readonly #config: OtlpConfig;
  readonly #settings: Settings;
  #addresses: ReceiverAddresses = {};

  constructor(config: OtlpConfig, next: ReceiverConsumers, settings: Settings) {
    this.#config = config;
    this.#settings = settings;
    const { max_in_flight_requests, max_in_flight_bytes, max_reading_bytes } = config;
    const inFlight = new InFlight(max_in_flight_requests, max_in_flight_bytes, max_reading_bytes);
    const { grpc, http } = config.protocols;
    const intake = (transport: "grpc" | "http"): Intake => new Intake(next, settings, transport, config.limits);
    if (grpc) this.#grpc = new GrpcProtocol(grpc, intake("grpc"), inFlight, settings);
    if (http) this.#http = new HttpProtocol(http, intake("http"), inFlight, settings);
  }

  get addresses(): ReceiverAddresses {
    return this.#addresses;
  }

  describe(): readonly string[] {
    const { id } = this.#settings;
    const { grpc, http } = this.#addresses;
    const { protocols } = this.#config;
    return [
      ...(grpc === undefined ? [] : [`${id}: send OTLP over gRPC to ${urlOf(grpc, protocols.grpc?.tls)}`]),
      ...(http === undefined ? [] : [`${id}: send OTLP over HTTP to ${urlOf(http, protocols.http?.tls)}`]),
    ];
  }

  async start(): Promise<void> {
    try {
      const grpc = await this.#grpc?.start();
      const http = await this.#http?.start();
      this.#addresses = { ...(grpc && { grpc }), ...(http && { http }) };
    } catch (error) {
      await this.shutdown(AbortSignal.abort());
      throw error;
    }
    this.#settings.logger.info(this.#addresses, "OTLP receiver listens");
  }

  async shutdown(deadline: AbortSignal): Promise<void> {
    this.#addresses = {};
    await Promise.all([this.#grpc?.shutdown(deadline), this.#http?.shutdown(deadline)]);
  }
}

/** What an SDK is given as its endpoint. */
function urlOf(address: string, tls: unknown): string {
  if (address.startsWith("unix:")) return address;
  return `${tls === undefined ? "http" : "https"}://${address}`;
}
