import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isLoopback } from "../../config/listen-endpoint.ts";
import { spareConnections } from "../../exporters/clickhouse/client.ts";
import type { ClickHouseConfig } from "../../exporters/clickhouse/config.ts";
import { apiKeysSchema } from "../../exporters/clickhouse/schema/api-keys.ts";
import { idsTableOf } from "../../exporters/clickhouse/schema/ids.ts";
import { recordSchemas } from "../../exporters/clickhouse/schema/records.ts";
import { settledSchemas, settledTables } from "../../exporters/clickhouse/schema/settled.ts";
import type { TableSchema } from "../../exporters/clickhouse/schema/table-schema.ts";
import { formatEndpoint } from "../../net/endpoint.ts";
import { listen } from "../../net/listen.ts";
import { authProject, type ServerAuthenticator } from "../../pipeline/auth.ts";
import type { Settings } from "../../pipeline/component.ts";
import { messageOf, PermanentError, RetryableError, StatusCode } from "../../pipeline/errors.ts";
import { storedProjectId } from "../../pipeline/ids.ts";
import { ClickHouseReader, type Reader } from "../../query/reader.ts";
import { insertSelected } from "../../query/settled/insert-selected.ts";
import { daySettlements, settlementsOf } from "../../query/settled/settlements.ts";
import { Settler } from "../../query/settled/settler.ts";
import { InFlight } from "../../receivers/otlp/in-flight.ts";
import type { Api, Store } from "./api.ts";
import { Authenticator } from "./auth/authenticator.ts";
import { KeyTable } from "./auth/key-table.ts";
import { KeyRing } from "./auth/keys.ts";
import { keyRoutes } from "./auth/routes.ts";
import { StoredKeys } from "./auth/stored-keys.ts";
import { type ApiConfig, readLimitsOf } from "./config.ts";
import { createHandler, type Handler } from "./http/app.ts";
import { bodyLimit } from "./http/body.ts";
import { EarlyRequests } from "./http/early-requests.ts";
import { asApiError } from "./http/failures.ts";
import { ApiInstruments } from "./http/instruments.ts";
import type { Route } from "./http/route.ts";
import { type ApiServer, createApiServer } from "./http/server.ts";
import { withDocumentation } from "./openapi/routes.ts";
import { ownRoutes } from "./routes.ts";
import { ExporterStore } from "./store.ts";

const apiTables: readonly TableSchema[] = [apiKeysSchema, ...settledSchemas, ...recordSchemas];

/** The HTTP API: one address for what SDKs write and what people and programs read. */
export class ApiExtension implements Api, ServerAuthenticator {
  readonly store: Store;
  readonly reader: Reader;
  readonly #config: ApiConfig;
  readonly #settings: Settings;
  readonly #inFlight: InFlight;
  readonly #instruments: ApiInstruments;
  readonly #authenticator: Authenticator;
  readonly #exporterStore: ExporterStore;
  readonly #settler: Settler;
  readonly #routes = new Map<string, readonly Route[]>();
  readonly #early = new EarlyRequests();
  #server: ApiServer | undefined;
  #handler: Handler | undefined;
  /** Settled when the tables are there, or were found out of reach. */
  #lookedForTables: Promise<void> = Promise.resolve();
  #isPipelineReady = false;

  /** @throws {Error} the exporter does not exist */
  constructor(config: ApiConfig, settings: Settings) {
    this.#config = config;
    this.#settings = settings;
    this.#exporterStore = new ExporterStore(storeConfig(config, settings), settings, {
      tables: apiTables,
      readConnections: readConnectionsOf(config),
    });
    this.store = this.#exporterStore;
    this.#authenticator = this.#createAuthenticator();
    this.reader = readerOf(this.store, config);
    this.#settler = new Settler({
      reader: this.reader,
      insert: (table, rows) => this.store.insert(table, rows),
      insertSelected: async (rows, signal) =>
        insertSelected(await this.store.client(), (table) => this.store.table(table), rows, {
          limits: readLimitsOf(config),
          signal,
        }),
      settlements: settlementsOf(config.series),
      daySettlements,
      config: config.series,
      logger: settings.logger,
    });
    this.#inFlight = new InFlight(config.max_in_flight_requests, config.max_in_flight_bytes);
    this.#instruments = new ApiInstruments(settings.meter, settings.id);
  }

  /** The port that is listened on; 0 before the start. */
  get port(): number {
    const address = this.#server?.server.address() as AddressInfo | null | undefined;
    return address?.port ?? 0;
  }

  describe(): readonly string[] {
    const { host } = this.#config.endpoint;
    const url = `${this.#config.tls === undefined ? "http" : "https"}://${formatEndpoint({ host, port: this.port })}`;
    const who =
      this.#config.keys.length > 0 || !this.#isLocal ? "keys are needed" : "no key is needed until there is one";
    return [`${this.#settings.id}: ${url} (${who})`];
  }

  /** Lets receivers ask whose spans they get; `ClientContext.auth` says the project, too. */
  async authenticate(headers: ReadonlyMap<string, readonly string[]>): Promise<ReadonlyMap<string, string>> {
    const caller = await this.#authenticator.callerOf(headers.get("authorization")?.[0]).catch((error: unknown) => {
      throw refusalOf(error);
    });
    if (caller.access === "read_only")
      throw new PermanentError("the api key may only read", { code: StatusCode.PERMISSION_DENIED });
    return new Map([
      ["subject", caller.keyId],
      [authProject, storedProjectId(caller.projectId)],
    ]);
  }

  mount(owner: string, routes: readonly Route[]): void {
    this.#routes.set(owner, routes);
  }

  unmount(owner: string): void {
    this.#routes.delete(owner);
  }

  async start(): Promise<void> {
    const { id, logger, host } = this.#settings;
    const services = { store: this.store, reader: this.reader, config: this.#config, logger };
    this.mount(id, [...ownRoutes(services), ...keyRoutes(this.#authenticator)]);
    this.#server = await createApiServer(this.#config, this.#settings, (request, response) =>
      this.#answer(request, response),
    );
    await listen(this.#server.server, id, formatEndpoint(this.#config.endpoint));
    // Not waited for: the exporters that start after this need not wait for the API's tables.
    this.#lookedForTables = this.#exporterStore.open().catch((error: Error) => host.fatal(error));
    void this.#warnOfNoKey();
  }

  /**
   * Receivers have added their routes now: before that everything is answered with 503. Until the tables were looked for, too,
   * requests wait, at most as long as a query may take.
   */
  pipelineReady(): void {
    this.#isPipelineReady = true;
    this.#early.open(this.#config.query_timeout, answerNotReady);
    this.#makeHandler().catch((error: unknown) => {
      this.#settings.host.fatal(new Error(`${this.#settings.id}: ${messageOf(error)}`, { cause: error }));
    });
  }

  pipelineNotReady(): void {
    this.#isPipelineReady = false;
    this.#handler = undefined;
    this.#early.close(answerNotReady);
  }

  async shutdown(): Promise<void> {
    this.pipelineNotReady();
    const { server, release } = this.#server ?? {};
    release?.();
    if (server?.listening) {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), this.#config.shutdown_timeout);
      await closed;
      clearTimeout(timer);
    }
    await this.#settler.stop();
    await this.#exporterStore.close();
  }

  async #makeHandler(): Promise<void> {
    await this.#lookedForTables;
    this.#settler.start();
    const handler = await createHandler(withDocumentation([...this.#routes.values()].flat()), {
      limit: bodyLimit(this.#config.max_request_body_size),
      inFlight: this.#inFlight,
      logger: this.#settings.logger,
      instruments: this.#instruments,
      bounds: this.#config,
      allowedOrigins: this.#config.cors.allowed_origins,
      isOpen: () => this.#authenticator.isOpen(),
      callerOf: (authorization) => this.#authenticator.callerOf(authorization),
    });
    if (!this.#isPipelineReady) return;
    this.#handler = handler;
    this.#early.close(handler);
  }

  get #isLocal(): boolean {
    return isLoopback(this.#config.endpoint.host);
  }

  #createAuthenticator(): Authenticator {
    const { keys, key_cache_time, key_cache_grace, key_cache_size } = this.#config;
    const table = new KeyTable(() => this.store.client(), this.store.database);
    const options = { maxAgeMs: key_cache_time, graceMs: key_cache_grace, maxKeys: key_cache_size };
    const stored = new StoredKeys(table, { ...options, logger: this.#settings.logger });
    return new Authenticator(new KeyRing(keys), stored, this.#isLocal);
  }

  /** Says who may call while there is no key in the configuration. */
  async #warnOfNoKey(): Promise<void> {
    const { logger } = this.#settings;
    if (this.#config.keys.length > 0) return;
    if (!this.#isLocal) {
      logger.warn("no api key is configured: only those that signalbox keys create has made are taken");
      return;
    }
    const isOpen = await this.#authenticator.isOpen().catch(() => true);
    if (isOpen)
      logger.warn("no api key is configured: until there is one, everybody on this machine may read and write");
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.#handler !== undefined) this.#handler(request, response);
    else if (!this.#early.take(request, response)) answerNotReady(request, response);
  }
}

/** What receivers tell those who are refused. */
function refusalOf(error: unknown): Error {
  const { status, message } = asApiError(error);
  if (status === 503) return new RetryableError(message, { cause: error });
  return new PermanentError(message, { code: StatusCode.UNAUTHENTICATED, cause: error });
}

function answerNotReady(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(503, { "content-type": "application/json", "retry-after": "1", connection: "close" });
  response.end(JSON.stringify({ detail: "the server is starting or stopping" }));
}

function readerOf(store: Store, apiConfig: ApiConfig): Reader {
  const { config } = store;
  const tables = {
    spans: store.table(config.traces_table_name),
    traces: store.table(config.traces_rollup_table_name),
    rollUps: {
      database: config.database,
      traces: config.traces_rollup_table_name,
      sessions: config.sessions_rollup_table_name,
    },
    sessions: store.table(config.sessions_rollup_table_name),
    ids: config.traces_rollup ? store.table(idsTableOf(config.traces_rollup_table_name)) : undefined,
    ...settledTables((name) => store.table(name)),
    signals: store.table(config.signals_table_name),
    attachments: store.table(config.attachments_table_name),
    attachmentData: store.table(config.attachment_data_table_name),
    logs: store.table(config.logs_table_name),
  };
  return new ClickHouseReader(() => store.connection(), tables, {
    limits: readLimitsOf(apiConfig),
    bounds: apiConfig.reads,
  });
}

/** The exporter's configuration, with the connections that `max_clickhouse_connections` leaves and the time that queries may take. */
function storeConfig(config: ApiConfig, settings: Settings): ClickHouseConfig {
  const found = exporterConfig(config, settings);
  const timeout = found.timeout === 0 ? 0 : Math.max(found.timeout, config.query_timeout + answerMarginMs);
  return {
    ...found,
    timeout,
    insert: {
      ...found.insert,
      max_in_flight: config.max_clickhouse_connections - readConnectionsOf(config) - spareConnections,
    },
  };
}

/** Half of the connections are for short reads; what is written and streamed has the others. */
function readConnectionsOf({ max_clickhouse_connections: all }: ApiConfig): number {
  return Math.floor(all / 2);
}

/**
 * The server ends a query by itself, and says so; only where it is gone does the client give up. No option: it is what the
 * way there and back takes, and comes on top of `query_timeout`.
 */
const answerMarginMs = 5_000;

function exporterConfig(config: ApiConfig, { id, host }: Settings): ClickHouseConfig {
  const found = host.exporterConfig(config.clickhouse);
  if (found?.type === "clickhouse") return found.config as ClickHouseConfig;
  const why = found === undefined ? "there is no such exporter" : `it has the type ${found.type}`;
  throw new Error(
    `${id}: clickhouse ${JSON.stringify(config.clickhouse)} must be the id of a clickhouse exporter: ${why}`,
  );
}
