import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { ApiError } from "../../../extensions/api/http/errors.ts";
import { defineRoute, type Route } from "../../../extensions/api/http/route.ts";
import { createApi, TestApi } from "./support.ts";

const running: TestApi[] = [];

afterEach(async () => {
  for (const api of running.splice(0)) await api.extension.shutdown();
});

async function start(routes: readonly Route[], config: Record<string, unknown> = {}): Promise<string> {
  const api = await TestApi.start(routes, { config });
  running.push(api);
  return api.url;
}

const echo = defineRoute({
  method: "POST",
  path: "/echo/:name",
  permission: "write",
  tag: "Test",
  summary: "says it again",
  params: z.object({ name: z.string() }),
  query: z.looseObject({ n: z.coerce.number().int().max(10).optional() }),
  body: z.object({ text: z.string() }),
  responses: { 200: z.unknown() },
  handle: ({ params, query, body, caller }) => ({ ...params, ...query, ...body, project: caller.projectName }),
});

const post = (url: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  fetch(url, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });

describe("api", () => {
  test.each(["/echo/a", "/echo/a/", "//echo/a", "/api/v1/echo/a", "/api/v1//echo/a/"])(
    "a route answers at %s",
    async (path) => {
      const url = await start([echo]);
      const response = await post(url + path, '{"text":"hi"}');
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ name: "a", text: "hi", project: "default" });
    },
  );

  test("names every problem of a body and a query with its place", async () => {
    const url = await start([echo]);
    const body = await post(`${url}/echo/a`, "{}");
    expect(body.status).toBe(400);
    expect(await body.json()).toEqual({ detail: [{ loc: ["body", "text"], msg: "is required", type: "missing" }] });
    const query = await post(`${url}/echo/a?n=11`, '{"text":""}');
    expect(await query.json()).toMatchObject({ detail: [{ loc: ["query", "n"], type: "out_of_range" }] });
  });

  test.each(["{", "NaN", ""])("a body of '%s' is answered with 400", async (text) => {
    const url = await start([echo]);
    expect((await post(`${url}/echo/a`, text)).status).toBe(400);
  });

  test("a compressed body is read, without a content type too", async () => {
    const url = await start([echo]);
    const body = new Uint8Array(gzipSync('{"text":"packed"}'));
    const response = await fetch(`${url}/echo/a`, { method: "POST", body, headers: { "content-encoding": "gzip" } });
    expect(await response.json()).toMatchObject({ text: "packed" });
  });

  test("a body past the limit is answered with 413, compressed or not", async () => {
    const url = await start([echo], { max_request_body_size: 1000 });
    const large = JSON.stringify({ text: "a".repeat(2000) });
    expect((await post(`${url}/echo/a`, large)).status).toBe(413);
    const packed = new Uint8Array(gzipSync(large));
    expect((await post(`${url}/echo/a`, packed, { "content-encoding": "gzip" })).status).toBe(413);
  });

  test("with keys, a request without one is answered with 401 and a challenge, and one that may only read with 403", async () => {
    const keys = [
      { key: "secret-a", project_name: "a" },
      { key: "secret-r", access: "read_only" },
    ];
    const url = await start([echo], { keys });
    for (const authorization of [undefined, "Basic eA==", "Bearer ", "Bearer secret-b"]) {
      const response = await post(`${url}/echo/a`, '{"text":""}', authorization === undefined ? {} : { authorization });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
    }
    expect((await post(`${url}/echo/a`, '{"text":""}', { authorization: "Bearer secret-r" })).status).toBe(403);
    const ok = await post(`${url}/echo/a`, '{"text":""}', { authorization: "bearer secret-a" });
    expect(await ok.json()).toMatchObject({ project: "a" });
  });

  test("an error of a handler becomes its status, headers and detail", async () => {
    const failing = defineRoute({
      method: "GET",
      path: "/fail",
      permission: "read",
      tag: "Test",
      summary: "fails",
      responses: {},
      handle: () => {
        throw new ApiError(409, "exists already", { headers: { "x-why": "test" } });
      },
    });
    const url = await start([failing]);
    const response = await fetch(`${url}/fail`);
    expect([response.status, response.headers.get("x-why"), await response.json()]).toEqual([
      409,
      "test",
      { detail: "exists already" },
    ]);
  });

  test.each([
    [{}, 100],
    [{ max_listed_problems: 2 }, 2],
  ])("with %j, an answer names %i of 150 problems", async (config, problems) => {
    const list = { ...echo, path: "/list", params: z.object({}), body: z.array(z.number()) };
    const url = await start([list], config);
    const answer = await post(`${url}/list`, JSON.stringify(Array.from({ length: 150 }, () => "x")));
    expect([answer.status, ((await answer.json()) as { detail: unknown[] }).detail.length]).toEqual([400, problems]);
  });

  test("reads max_query_parameters of a query", async () => {
    const url = await start([echo], { max_query_parameters: 2 });
    const answer = await post(`${url}/echo/a?b=1&b=2&c=3`, '{"text":""}');
    expect(await answer.json()).toEqual({ name: "a", b: ["1", "2"], text: "", project: "default" });
  });

  describe("with a request that is being answered", () => {
    /** A route that answers when it is told to. */
    function slowRoute() {
      let answer = (): void => undefined;
      const answered = new Promise<void>((resolve) => {
        answer = resolve;
      });
      let begin = (): void => undefined;
      const begun = new Promise<void>((resolve) => {
        begin = resolve;
      });
      const handle = async () => {
        begin();
        await answered;
        return {};
      };
      return { route: { ...echo, handle }, answer, begun };
    }

    test("refuses a further one than max_in_flight_requests with 503", async () => {
      const { route, answer, begun } = slowRoute();
      const url = await start([route], { max_in_flight_requests: 1 });
      const first = post(`${url}/echo/a`, '{"text":""}');
      await begun;
      const second = await post(`${url}/echo/a`, '{"text":""}');
      answer();
      expect([(await first).status, second.status]).toEqual([200, 503]);
      expect(await second.json()).toEqual({ detail: expect.stringContaining("max_in_flight_requests") });
    });

    test("answers it within shutdown_timeout when it is asked to stop", async () => {
      const { route, answer, begun } = slowRoute();
      const api = await TestApi.start([route], { config: { shutdown_timeout: "1h" } });
      const request = post(`${api.url}/echo/a`, '{"text":""}', { connection: "close" });
      await begun;
      const stopped = api.extension.shutdown();
      answer();
      expect((await request).status).toBe(200);
      await stopped;
    });

    test("breaks it off after shutdown_timeout", async () => {
      const { route, begun } = slowRoute();
      const api = await TestApi.start([route], { config: { shutdown_timeout: "1ms" } });
      const request = post(`${api.url}/echo/a`, '{"text":""}').catch(() => "broken off");
      await begun;
      await api.extension.shutdown();
      expect(await request).toBe("broken off");
    });
  });

  test("has max_clickhouse_connections to a server, and no more", async () => {
    const waiting: ServerResponse[] = [];
    const counts: number[] = [];
    const server = createServer((request, response) => {
      request.resume();
      counts.push(waiting.push(response));
      // As many as there may be are let go when they are there: were there more, they would have come before.
      if (waiting.length >= 3) setImmediate(() => waiting.splice(0).map((one) => one.end()));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const extension = createApi({ config: { max_clickhouse_connections: 3 }, exporter: { endpoint } });
    const { client, reads } = await extension.store.connection();
    const read = { query: "SELECT 1", query_params: {}, clickhouse_settings: {} };
    const stream = () => client.query({ query: "SELECT 1" }).then((one) => one.text());
    // Two of the connections are the client's, one is for rows.
    await Promise.all(Array.from({ length: 4 }, () => [stream(), stream(), reads.rows(read)]).flat());
    expect(Math.max(...counts)).toBe(3);
    await extension.shutdown();
    await new Promise((resolve) => server.close(resolve));
  });

  test("an exporter that does not exist is an error that names it", () => {
    expect(() => createApi({ config: { clickhouse: "other" } })).toThrow(
      'api: clickhouse "other" must be the id of a clickhouse exporter',
    );
  });
});
