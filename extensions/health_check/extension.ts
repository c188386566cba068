import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { formatEndpoint } from "../../config/listen-endpoint.ts";
import type { Extension, Settings } from "../../pipeline/component.ts";
import { messageOf } from "../../pipeline/errors.ts";
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

  async start(): Promise<void> {
    const { id, logger } = this.#settings;
    const { endpoint, check_collector_pipeline } = this.#config;
    if (check_collector_pipeline !== undefined) logger.warn("check_collector_pipeline is ignored");
    await listen(this.#server, endpoint.host, endpoint.port).catch((error: NodeJS.ErrnoException) => {
      const reason = error.code === "EADDRINUSE" ? "address already in use" : messageOf(error);
      throw new Error(`${id}: cannot listen on ${formatEndpoint(endpoint)}: ${reason}`, { cause: error });
    });
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

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
