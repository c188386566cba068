import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { EarlyRequests } from "../../../extensions/api/http/early-requests.ts";
import { createApi, echoRoute } from "./support.ts";

/** An API whose ClickHouse says nothing until `release()`, and then that there is nothing in it. */
async function startHeld(config: Readonly<Record<string, unknown>> = {}) {
  const held: ServerResponse[] = [];
  let isReleased = false;
  const server = createServer((asked, response) => {
    asked.resume();
    if (isReleased) response.end();
    else held.push(response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const release = (): void => {
    isReleased = true;
    for (const response of held.splice(0)) response.end();
  };
  const { port } = server.address() as AddressInfo;
  const api = createApi({ exporter: { endpoint: `http://127.0.0.1:${port}` }, config });
  onTestFinished(async () => {
    release();
    await api.shutdown();
    server.close();
    server.closeAllConnections();
  });
  await api.start();
  api.mount("test", [echoRoute({ path: "/echo" })]);
  return { api, release };
}

/** Asks for `path`. @returns when the server has begun with the request: its status, once there is one */
async function begin(port: number, path: string): Promise<{ status: Promise<number | undefined> }> {
  // Node says "go on" just before it hands the request over, which nothing else tells from outside.
  const asked = request({ port, path, headers: { expect: "100-continue" } });
  const status = once(asked, "response").then(([response]: IncomingMessage[]) => {
    response!.resume();
    return response!.statusCode;
  });
  asked.flushHeaders();
  await once(asked, "continue");
  asked.end();
  return { status };
}

test("a request that comes while the tables are looked for waits, and is answered as any other", async () => {
  const { api, release } = await startHeld();
  api.pipelineReady();
  const asked = await begin(api.port, "/echo");
  release();
  expect(await asked.status).toBe(200);
});

test("one that waits is answered with 503 when the process is asked to stop", async () => {
  const { api } = await startHeld();
  api.pipelineReady();
  const asked = await begin(api.port, "/echo");
  api.pipelineNotReady();
  expect(await asked.status).toBe(503);
});

test("one waits no longer than query_timeout", async () => {
  const { api } = await startHeld({ query_timeout: "1ms" });
  api.pipelineReady();
  expect((await fetch(`http://127.0.0.1:${api.port}/echo`)).status).toBe(503);
});

test("before the receivers have added their routes everything is answered with 503", async () => {
  const { api, release } = await startHeld();
  release();
  const answer = await fetch(`http://127.0.0.1:${api.port}/echo`);
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
});

test("one whose sender has left meanwhile is given to no route", () => {
  const early = new EarlyRequests();
  const answered: ServerResponse[] = [];
  const [gone, there] = [{ destroyed: true }, { destroyed: false }] as ServerResponse[];
  early.open(60_000, () => undefined);
  expect([gone, there].map((response) => early.take({} as IncomingMessage, response!))).toEqual([true, true]);
  early.close((_request, response) => void answered.push(response));
  expect(answered).toEqual([there]);
  expect(early.take({} as IncomingMessage, there!)).toBe(false);
});
