import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveEngineLibrary } from "../../extensions/clickhouse_server/library.ts";
import { claimEndpoint } from "../../extensions/clickhouse_server/listen.ts";
import { serverPaths } from "../../extensions/clickhouse_server/prepare.ts";
import { type ServerOptions, ServerProcess } from "../../extensions/clickhouse_server/server.ts";
import { listen } from "../../net/listen.ts";
import { UserStatements } from "./user-statements.ts";

const anyPort = { host: "127.0.0.1", port: 0 } as const;
const startTimeoutMs = 20_000;

/**
 * A ClickHouse that somebody else runs: its user `default` has a password and makes users by SQL, and there is nothing else.
 *
 * The engine that comes with us reads users from its configuration alone (code 514 for CREATE USER). So a door in front of
 * it keeps the password of `default`, has the engine read each statement about users (EXPLAIN AST), and writes what it says
 * into the configuration before the next other statement; whoever is made so is let in, and held to rights and row policies,
 * by the engine itself.
 */
export class ForeignClickHouse {
  readonly username = "default";
  readonly password = "p@ss word";
  /** About users, as they came. */
  readonly statements: string[] = [];
  readonly #users = new UserStatements();
  readonly #options: ServerOptions;
  readonly #directory: string;
  readonly #door: Server;
  readonly #passing = new Set<Promise<unknown>>();
  #engine: ServerProcess;
  #isStale = false;
  #restarting: Promise<void> | undefined;

  private constructor(directory: string, options: ServerOptions, engine: ServerProcess) {
    this.#directory = directory;
    this.#options = options;
    this.#engine = engine;
    this.#door = createServer((from, to) => {
      this.#answer(from, to).catch((error: unknown) => to.writeHead(500).end(String(error)));
    });
  }

  static async start(): Promise<ForeignClickHouse> {
    const directory = await mkdtemp(join(tmpdir(), "signalbox-foreign-"));
    const paths = serverPaths(directory);
    await mkdir(paths.data, { recursive: true });
    const http = await claimEndpoint(anyPort);
    const options = { library: resolveEngineLibrary(), paths, http, tcp: undefined, onOutput: () => undefined };
    await writeFile(paths.config, new UserStatements().configuration(paths));
    const server = new ForeignClickHouse(directory, options, await ServerProcess.start(options));
    await server.#ready();
    await listen(server.#door, "foreign", "127.0.0.1:0");
    return server;
  }

  get url(): string {
    const address = this.#door.address();
    if (typeof address !== "object" || address === null) throw new Error("the door is closed");
    return `http://127.0.0.1:${address.port}`;
  }

  /** The rows of a query by `default`, one line each, tabs between columns. */
  async query(sql: string): Promise<string> {
    const headers = { authorization: basic(this.username, this.password) };
    const response = await fetch(this.url, { method: "POST", body: sql, headers });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text;
  }

  async stop(): Promise<void> {
    this.#door.closeAllConnections();
    await new Promise((resolve) => this.#door.close(resolve));
    await this.#end();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #answer(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of from) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { authorization = "" } = from.headers;
    const isDefault = !authorization.startsWith("Basic ") || nameIn(authorization) === this.username;
    if (isDefault && authorization !== basic(this.username, this.password)) return refuse(to);
    const sql = body.toString("utf8");
    if (isDefault && UserStatements.isOne(sql)) return this.#takeStatement(sql, from, to);
    await this.#pass(from, to, body, isDefault);
  }

  async #takeStatement(sql: string, from: IncomingMessage, to: ServerResponse): Promise<void> {
    const status = await this.#pass(from, to, Buffer.from(`EXPLAIN AST ${sql}`), true);
    if (status !== 200) return;
    this.statements.push(sql);
    this.#users.take(sql);
    this.#isStale = true;
  }

  async #pass(from: IncomingMessage, to: ServerResponse, body: Buffer, isDefault: boolean): Promise<number> {
    while (this.#isStale || this.#restarting !== undefined) {
      this.#restarting ??= this.#restart();
      await this.#restarting;
    }
    const passing = forward(this.#options.http.port, from, to, body, isDefault);
    this.#passing.add(passing);
    try {
      return await passing;
    } finally {
      this.#passing.delete(passing);
    }
  }

  async #restart(): Promise<void> {
    await Promise.allSettled(this.#passing);
    this.#isStale = false;
    await this.#end();
    await writeFile(this.#options.paths.config, this.#users.configuration(this.#options.paths));
    this.#engine = await ServerProcess.start(this.#options);
    await this.#ready();
    this.#restarting = undefined;
  }

  #ready(): Promise<void> {
    return this.#engine.ready(startTimeoutMs, new AbortController().signal);
  }

  async #end(): Promise<void> {
    this.#engine.kill();
    await this.#engine.ended;
  }
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function nameIn(authorization: string): string {
  return Buffer.from(authorization.slice("Basic ".length), "base64").toString("utf8").split(":")[0]!;
}

function refuse(to: ServerResponse): void {
  to.writeHead(403, { "x-clickhouse-exception-code": "516" });
  to.end("Code: 516. DB::Exception: default: Authentication failed: password is incorrect. (AUTHENTICATION_FAILED)");
}

/** Resolves with the status once the answer has been passed on. */
function forward(port: number, from: IncomingMessage, to: ServerResponse, body: Buffer, isDefault: boolean) {
  const { authorization, "content-length": _, "transfer-encoding": __, ...headers } = from.headers;
  const credentials = isDefault || authorization === undefined ? {} : { authorization };
  return new Promise<number>((resolve, reject) => {
    const options = { host: "127.0.0.1", port, method: from.method, path: from.url, agent: false };
    const sent = request({ ...options, headers: { ...headers, ...credentials } }, (answer) => {
      to.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(to);
      answer.once("end", () => resolve(answer.statusCode!));
      answer.once("error", reject);
    });
    sent.once("error", reject);
    to.once("close", () => sent.destroy());
    sent.end(body);
  });
}
