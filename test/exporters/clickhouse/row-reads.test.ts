import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { RowReads, type RowsRequest } from "../../../exporters/clickhouse/row-reads.ts";

const request: RowsRequest = { query: "SELECT 1 AS x", query_params: {}, clickhouse_settings: {} };
const servers: Server[] = [];
const readers: RowReads[] = [];

afterEach(async () => {
  for (const reads of readers.splice(0)) reads.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

async function readsFrom(answer: Answer, options: { timeoutMs?: number } = {}): Promise<RowReads> {
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.once("end", () => answer(incoming, response, Buffer.concat(chunks).toString()));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const reads = new RowReads({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    headers: { authorization: "Basic eDp5" },
    settings: { role: "reader", max_threads: "2" },
    timeoutMs: 5_000,
    maxConnections: 2,
    ...options,
  });
  readers.push(reads);
  return reads;
}

describe("rows", () => {
  it("are asked for with the headers and settings of the connection, of which a request's own win", async () => {
    const seen: IncomingMessage[] = [];
    const reads = await readsFrom((incoming, response) => {
      seen.push(incoming);
      response.end('[\n{"x":1},\n{"x":2}\n]\n');
    });
    const settings = { max_threads: 1, log_comment: "a b" };
    expect(await reads.rows({ ...request, clickhouse_settings: settings })).toEqual([{ x: 1 }, { x: 2 }]);
    const address = new URL(seen[0]!.url!, "http://x").searchParams;
    expect(seen[0]!.headers.authorization).toBe("Basic eDp5");
    expect(Object.fromEntries(address)).toMatchObject({ role: "reader", max_threads: "1", log_comment: "a b" });
  });

  it("have parameters in the address that proxies take, encoded, and in the body otherwise", async () => {
    const seen: IncomingMessage[] = [];
    const reads = await readsFrom((incoming, response) => {
      seen.push(incoming);
      response.end("[]");
    });
    for (const t of ["short", "\u6771".repeat(400), "\u6771".repeat(600), "x".repeat(5_000)])
      await reads.rows({ ...request, query_params: { t } });
    const isMultipart = ({ headers }: IncomingMessage) => headers["content-type"]?.startsWith("multipart/form-data");
    expect(seen.map(isMultipart)).toEqual([undefined, undefined, true, true]);
    expect(seen.every(({ url }) => url!.length < 5_000)).toBe(true);
  });

  it("have settings in the statement that servers look for there alone where parameters are in the body", async () => {
    const seen: { address: URLSearchParams; body: string }[] = [];
    const reads = await readsFrom((incoming, response, body) => {
      seen.push({ address: new URL(incoming.url!, "http://here").searchParams, body });
      response.end("[]");
    });
    const settings = { date_time_output_format: "iso", max_threads: 1 } as const;
    for (const t of ["short", "x".repeat(5_000)])
      await reads.rows({ ...request, clickhouse_settings: settings, query_params: { t } });
    expect(seen.map(({ address }) => [address.get("date_time_output_format"), address.get("max_threads")])).toEqual([
      ["iso", "1"],
      [null, "1"],
    ]);
    expect(seen.map(({ body }) => body.includes("\nSETTINGS date_time_output_format = 'iso'"))).toEqual([false, true]);
  });

  it("may take longer than a connection is kept without a request, on a new one and on one that was kept", async () => {
    const reads = await readsFrom(({ url }, response) => {
      if (url!.includes("slow=1")) setTimeout(() => response.end('[{"x":1}]'), 2_700);
      else response.end("[]");
    });
    const slow = { ...request, clickhouse_settings: { slow: 1 } as RowsRequest["clickhouse_settings"] };
    expect(await reads.rows(request)).toEqual([]);
    expect(await Promise.all([reads.rows(slow), reads.rows(slow)])).toEqual([[{ x: 1 }], [{ x: 1 }]]);
  });

  it("are asked for again, once, where the server closed the connection meanwhile", async () => {
    const sockets: Socket[] = [];
    let count = 0;
    const reads = await readsFrom(({ socket }, response) => {
      count++;
      // The second request comes on a connection that is reset before it is answered.
      if (count === 2) {
        sockets.push(socket);
        socket.resetAndDestroy();
      } else response.end(`[{"x":${count}}]`);
    });
    expect(await reads.rows(request)).toEqual([{ x: 1 }]);
    expect(await reads.rows(request)).toEqual([{ x: 3 }]);
    expect(sockets).toHaveLength(1);
  });

  it("fail where a new connection is reset", async () => {
    let count = 0;
    const reads = await readsFrom(({ socket }) => {
      count++;
      socket.resetAndDestroy();
    });
    await expect(reads.rows(request)).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(count).toBe(1);
  });

  it("fail where the answer stops before its end", async () => {
    const reads = await readsFrom((_, response) => {
      response.write('[\n{"x":1},');
      setImmediate(() => response.socket?.destroy());
    });
    await expect(reads.rows(request)).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  it("fail with what the server says, in an answer of its own or in the middle of rows", async () => {
    const said = "Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED) (version 24.8)\n";
    const refused = await readsFrom((_, response) => response.writeHead(500).end(said));
    await expect(refused.rows(request)).rejects.toMatchObject({ code: "241", type: "MEMORY_LIMIT_EXCEEDED" });
    const broken = await readsFrom((_, response) => response.end(`[\n{"x":1},\n${said}`));
    await expect(broken.rows(request)).rejects.toMatchObject({ code: "241", type: "MEMORY_LIMIT_EXCEEDED" });
    const proxied = await readsFrom((_, response) => response.writeHead(502).end());
    await expect(proxied.rows(request)).rejects.toThrow("HTTP status 502");
    const cut = await readsFrom((_, response) => response.end('[\n{"x":1},\n'));
    await expect(cut.rows(request)).rejects.toThrow("the answer was cut short");
  });

  it("fail where nothing comes within the timeout, and where the signal says so", async () => {
    const reads = await readsFrom(() => undefined, { timeoutMs: 20 });
    await expect(reads.rows(request)).rejects.toThrow("Timeout error.");
    const slow = await readsFrom(() => undefined);
    const stop = new AbortController();
    const rows = slow.rows({ ...request, abort_signal: stop.signal });
    stop.abort();
    await expect(rows).rejects.toMatchObject({ name: "AbortError" });
  });
});
