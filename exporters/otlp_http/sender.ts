import http from "node:http";
import https from "node:https";
import type { ConnectionOptions } from "node:tls";
import { answersHttp } from "../../net/http-probe.ts";
import { ClientTlsSource } from "../../net/tls-client.ts";
import type { ClientAuthenticator } from "../../pipeline/auth.ts";
import type { Signal } from "../../pipeline/batch.ts";
import type { Settings } from "../../pipeline/component.ts";
import { messageOf, PermanentError, RetryableError } from "../../pipeline/errors.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { clientAuthenticator } from "../helper/authenticator.ts";
import type { PieceLimits, Sender, SendResult } from "../helper/exporter.ts";
import { joinJson, joinProtobuf, jsonLoads, type OtlpLoad, protobufLoads } from "../helper/otlp-load.ts";
import { Reach } from "../helper/reach.ts";
import { resultOf } from "./answer.ts";
import { compressors, contentEncoding } from "./compress.ts";
import type { OtlpHttpConfig } from "./config.ts";
import { type HttpAnswer, post } from "./request.ts";

// What OTLP allows a successful answer to have, and what is worth reading of an error.
const maxSuccessBytes = 4 * 1024 * 1024;
const maxErrorBytes = 64 * 1024;
const maxBodyBytes = (status: number): number => (status >= 200 && status < 300 ? maxSuccessBytes : maxErrorBytes);

/** Posts OTLP requests over kept connections. */
export class OtlpHttpSender implements Sender<SpanBatch | OtlpBatch, OtlpLoad, Uint8Array> {
  readonly #config: OtlpHttpConfig;
  readonly #settings: Settings;
  readonly #tls: ClientTlsSource;
  readonly #headers: Readonly<Record<string, string>>;
  #authenticator: ClientAuthenticator | undefined;
  #agent: http.Agent | undefined;
  #secureAgent: https.Agent | undefined;
  /** What `#secureAgent` was made with. */
  #agentTls: ConnectionOptions | undefined;
  /** By URL. */
  readonly #reaches = new Map<string, Reach>();

  constructor(config: OtlpHttpConfig, settings: Settings) {
    const encoding = contentEncoding(config.compression);
    this.#config = config;
    this.#settings = settings;
    this.#tls = new ClientTlsSource(config.tls, settings.id, settings.logger);
    this.#headers = {
      "user-agent": "signalbox",
      ...lowerCased(config.headers),
      "content-type": config.encoding === "json" ? "application/json" : "application/x-protobuf",
      ...(encoding !== undefined && { "content-encoding": encoding }),
    };
  }

  async start(): Promise<void> {
    this.#authenticator = clientAuthenticator(this.#config.auth, this.#settings);
    await this.#tls.options();
  }

  async stop(): Promise<void> {
    for (const reach of this.#reaches.values()) reach.close();
    this.#agent?.destroy();
    this.#secureAgent?.destroy();
  }

  load(batch: SpanBatch | OtlpBatch, limits: PieceLimits): readonly OtlpLoad[] {
    this.#urlOf(batch.signal);
    return this.#config.encoding === "json" ? jsonLoads(batch) : protobufLoads(batch, limits);
  }

  async prepare(_signal: Signal, pieces: readonly OtlpLoad[]): Promise<Uint8Array> {
    const { encoding, compression, compression_params } = this.#config;
    const body = encoding === "json" ? joinJson(pieces) : joinProtobuf(pieces);
    return compressors.get(compression)!(body, compression_params?.level);
  }

  reach(signal: Signal): Reach {
    const url = this.#urlOf(signal);
    let reach = this.#reaches.get(url.href);
    if (reach === undefined) {
      reach = new Reach((abort) => answersHttp(url, this.#agentTls, abort), this.#config.probe);
      this.#reaches.set(url.href, reach);
    }
    return reach;
  }

  async send(signal: Signal, body: Uint8Array, abort: AbortSignal): Promise<SendResult> {
    const url = this.#urlOf(signal);
    const headers = { ...this.#headers, ...lowerCased((await this.#authenticator?.headers()) ?? {}) };
    const agent = url.protocol === "https:" ? await this.#currentSecureAgent() : this.#plainAgent();
    const shownUrl = `${url.origin}${url.pathname}`;
    let answer: HttpAnswer;
    try {
      answer = await post(url, body, { headers, agent, signal: abort, maxBodyBytes });
    } catch (error) {
      throw new RetryableError(`export to ${shownUrl} failed: ${messageOf(error)}`, { cause: error });
    }
    return resultOf(answer, shownUrl);
  }

  #urlOf(signal: Signal): URL {
    const { endpoint } = this.#config;
    const whole = this.#config[`${signal}_endpoint`];
    if (whole !== undefined) return new URL(whole);
    if (endpoint !== undefined) return new URL(`${endpoint.replace(/\/+$/, "")}/v1/${signal}`);
    throw new PermanentError(`neither endpoint nor ${signal}_endpoint is set`);
  }

  #plainAgent(): http.Agent {
    this.#agent ??= new http.Agent(agentOptions(this.#config));
    return this.#agent;
  }

  /** The agent of https URLs, made anew when the certificates have changed. Connections of the old one finish. */
  async #currentSecureAgent(): Promise<https.Agent> {
    const tls = await this.#tls.options();
    if (this.#secureAgent === undefined || tls !== this.#agentTls) {
      this.#secureAgent = new https.Agent({ ...agentOptions(this.#config), ...tls });
      this.#agentTls = tls;
    }
    return this.#secureAgent;
  }
}

function agentOptions(config: OtlpHttpConfig): http.AgentOptions {
  return {
    keepAlive: !config.disable_keep_alives,
    maxSockets: config.max_conns_per_host || Number.POSITIVE_INFINITY,
    maxFreeSockets: config.max_idle_conns || Number.POSITIVE_INFINITY,
    ...(config.idle_conn_timeout > 0 && { timeout: config.idle_conn_timeout }),
  };
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
