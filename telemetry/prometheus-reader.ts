import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { MetricReader } from "@opentelemetry/sdk-metrics";
import type { Logger } from "pino";
import type { PrometheusReaderConfig } from "./config.ts";
import { PrometheusText } from "./prometheus-text.ts";

const contentType = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Serves `/metrics`.
 *
 * Not the library's PrometheusExporter: that one cannot take a free port, does not say where it listens, waits for idle
 * connections when it stops, and fixes the names.
 */
export class PrometheusReader extends MetricReader {
  readonly #config: PrometheusReaderConfig;
  readonly #logger: Logger;
  readonly #text: PrometheusText;
  readonly #server = createServer((request, response) => this.#answer(request, response));

  constructor(config: PrometheusReaderConfig, logger: Logger) {
    super();
    this.#config = config;
    this.#logger = logger;
    this.#text = new PrometheusText(config);
  }

  /**
   * Starts to listen.
   *
   * @returns the bound address, `127.0.0.1:8888`
   * @throws {Error} the address is taken or not ours
   */
  async start(): Promise<string> {
    const { host, port } = this.#config;
    try {
      // Where localhost is both ::1 and 127.0.0.1, scrapers expect the latter.
      const { address } = await lookup(host, { verbatim: false });
      this.#server.listen({ host: address, port });
      await once(this.#server, "listening");
    } catch (error) {
      throw new Error(`service.telemetry.metrics: cannot listen on ${host}:${port}: ${reasonOf(error)}`, {
        cause: error,
      });
    }
    const bound = this.#server.address() as AddressInfo;
    return bound.family === "IPv6" ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
  }

  protected override async onForceFlush(): Promise<void> {}

  protected override async onShutdown(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (request.url?.split("?", 1)[0] !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    this.#page().then(
      (page) => response.writeHead(200, { "content-type": contentType }).end(page),
      (error: unknown) => {
        this.#logger.warn({ err: error }, "telemetry: metrics could not be collected");
        response.writeHead(500).end();
      },
    );
  }

  async #page(): Promise<string> {
    const { resourceMetrics, errors } = await this.collect();
    for (const error of errors) this.#logger.warn({ err: error }, "telemetry: a metric could not be collected");
    return this.#text.render(resourceMetrics);
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") return "address already in use";
  if (code === "EADDRNOTAVAIL") return "not an address of this machine";
  if (code === "EACCES") return "permission denied";
  return error instanceof Error ? error.message : String(error);
}
