import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { formatEndpoint } from "../../net/endpoint.ts";
import { listen } from "../../net/listen.ts";
import type { Extension, Settings } from "../../pipeline/component.ts";
import type { HealthCheckConfig } from "./config.ts";
import { available, notAvailable } from "./status.ts";

/** Tells a load balancer whether the receivers take data: 200 while they do, 503 before and from their stop on. */
export class HealthCheckExtension implements Extension {
  readonly #config: HealthCheckConfig;
  readonly #settings: Settings;
  readonly #server: Server;
  #upSince: Date | undefined;

  constructor(config: HealthCheckConfig, settings: Settings) {
    this.#config = config;
    this.#settings = settings;
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.maxConnections = config.max_connections;
  }

  /** The port that is listened on; 0 before the start. */
  get port(): number {
    const address = this.#server.address() as AddressInfo | null;
    return address?.port ?? 0;
  }

  describe(): readonly string[] {
    const { host } = this.#config.endpoint;
    const path = this.#config.path;
    return [`${this.#settings.id}: http://${formatEndpoint({ host, port: this.port })}${path}`];
  }

  async start(): Promise<void> {
    const { id, logger } = this.#settings;
    const { endpoint, check_collector_pipeline } = this.#config;
    if (check_collector_pipeline !== undefined) logger.warn("check_collector_pipeline is ignored");
    await listen(this.#server, id, formatEndpoint(endpoint));
    logger.info({ endpoint: formatEndpoint({ host: endpoint.host, port: this.port }) }, "health check answers");
  }

  pipelineReady(): void {
    this.#upSince = new Date();
  }

  pipelineNotReady(): void {
    this.#upSince = undefined;
  }

  async shutdown(): Promise<void> {
    this.pipelineNotReady();
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url!.split("?", 1)[0];
    if (this.#config.path !== "/" && path !== this.#config.path) {
      response.writeHead(404).end();
      return;
    }
    const { healthy, unhealthy } = this.#config.response_body;
    if (this.#upSince === undefined) send(response, 503, unhealthy, notAvailable);
    else send(response, 200, healthy, available(this.#upSince, Date.now() - this.#upSince.getTime()));
  }
}

function send(response: ServerResponse, status: number, text: string, json: string): void {
  const type = text === "" ? "application/json" : "text/plain; charset=utf-8";
  response.writeHead(status, { "content-type": type }).end(text || json);
}
