import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** One INSERT as it arrived. */
export interface ReceivedInsert {
  readonly query: string;
  readonly params: URLSearchParams;
  readonly body: Buffer;
}

/** How the server answers one insert. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that speaks ClickHouse's HTTP as far as the exporter needs it, and answers inserts as it is told. */
export interface ScriptedServer {
  readonly url: string;
  readonly inserts: ReceivedInsert[];
  /** Answers to the inserts to come, one each; afterwards all succeed. */
  answer(...answers: Answer[]): void;
  /** What GET /ping is answered with; success when it is undefined. */
  ping: Answer | undefined;
  /** How often it was. */
  pings: number;
  /** Takes no connections any more, and breaks those that are there. */
  stop(): Promise<void>;
  /** Takes connections again, at the same address. */
  resume(): Promise<void>;
}

/** The table has every column that anybody asks for. */
export async function startScriptedServer(columns: readonly string[]): Promise<ScriptedServer> {
  const inserts: ReceivedInsert[] = [];
  const answers: Answer[] = [];
  const server = createServer((request, response) => {
    if (request.url === "/ping") {
      scripted.pings++;
      (scripted.ping ?? ok)(request, response);
      return;
    }
    const params = new URL(request.url ?? "", "http://server").searchParams;
    const chunks: Buffer[] = [];
    request.on("error", () => undefined);
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const query = params.get("query") ?? body.toString();
      if (!/^INSERT INTO .* FORMAT (Native|JSONEachRow)$/.test(query)) {
        response.end(answerTo(query, params, columns));
        return;
      }
      inserts.push({ query, params, body });
      (answers.shift() ?? ok)(request, response);
    });
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve()));
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  await listen(0);
  onTestFinished(stop);
  const { port } = server.address() as AddressInfo;
  const scripted: ScriptedServer = {
    url: `http://127.0.0.1:${port}`,
    inserts,
    answer: (...more) => void answers.push(...more),
    ping: undefined,
    pings: 0,
    stop,
    resume: () => listen(port),
  };
  return scripted;
}

function answerTo(query: string, params: URLSearchParams, columns: readonly string[]): string {
  if (query.includes("system.columns")) {
    const types = Object.fromEntries(columns.map((name) => [name, "any"]));
    const asked = (params.get("param_names") ?? "").matchAll(/'([^']+)'/g);
    return [...asked].map(([, of]) => `${JSON.stringify({ of, types })}\n`).join("");
  }
  if (query.includes("system.databases")) return '{"1":1}\n';
  return "";
}

export const ok: Answer = (_request, response) => void response.end();

/** An exception as ClickHouse answers it. */
export function exception(code: number, name: string, message = "something"): Answer {
  return (_request, response) => {
    response.writeHead(500, { "X-ClickHouse-Exception-Code": String(code) });
    response.end(text(code, name, message));
  };
}

/** An exception that came after the status had been sent. */
export function exceptionAfterOk(code: number, name: string): Answer {
  return (_request, response) => void response.end(`1\n${text(code, name, "late")}`);
}

/** An exception whose code stands in a header of a 200. */
export function exceptionInHeaderOfOk(code: number): Answer {
  return (_request, response) => {
    response.writeHead(200, { "X-ClickHouse-Exception-Code": String(code) });
    response.end("no text");
  };
}

/** An HTTP status of something in front of ClickHouse. */
export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(code, headers);
    response.end("<html>proxy</html>");
  };
}

/** The connection breaks before there is an answer. */
export const reset: Answer = (request) => void request.socket.resetAndDestroy();

/** The connection breaks in the middle of the answer. */
export const resetInBody: Answer = (request, response) => {
  response.writeHead(200, { "Content-Length": "1000" });
  response.write("x");
  setImmediate(() => request.socket.resetAndDestroy());
};

/** No answer, ever. */
export const hang: Answer = () => undefined;

function text(code: number, name: string, message: string): string {
  return `Code: ${code}. DB::Exception: ${message}. (${name}) (version 26.7.2.1)\n`;
}
