import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { Router } from "../../../../extensions/api/http/router.ts";
import { echoRoute, TestApi } from "../support.ts";

const json = z.unknown();
const routes = [
  echoRoute({ path: "/spans" }),
  echoRoute({ path: "/spans", method: "POST", body: json, ingest: true, permission: "write" }),
  echoRoute({ path: "/spans/:span_id" }),
  echoRoute({ path: "/v1/tasks/:task+/prompt/latest", aliases: ["/old/:task+/latest"] }),
  echoRoute({ path: "/v1/tasks/:task+/prompt/versions/by-hash/:hash" }),
  echoRoute({ path: "/v1/tasks/:task+/prompt/versions/:number" }),
  echoRoute({ path: "/tags/:tag", method: "POST", body: json, permission: "write" }),
  echoRoute({ path: "/tags/:tag::pin", method: "POST", body: json, permission: "write" }),
  echoRoute({ path: "/projects/:project_id/judges" }),
  echoRoute({ path: "/datasets/:name+" }),
  echoRoute({ path: "/datasets/:name+/data" }),
  echoRoute({ path: "/datasets/:name+/data/:ref" }),
];

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start(routes);
});
afterAll(() => api.extension.shutdown());

async function called(path: string, method = "GET"): Promise<{ route: string; params: Record<string, string> }> {
  const body = method === "POST" ? "1" : null;
  const response = await fetch(api.url + path, { method, body, redirect: "error" });
  expect(response.status, path).toBe(200);
  return (await response.json()) as never;
}

describe("routes of paths", () => {
  test.each(["/spans", "/spans/", "//spans", "/api/v1/spans", "/api/v1/spans/", "//api//v1//spans//", "/sp%61ns"])(
    "%s is one route, and never a redirect",
    async (path) => {
      expect(await called(path)).toMatchObject({ route: "/spans" });
    },
  );

  test.each([
    ["/v1/tasks/a/prompt/latest", "a"],
    ["/v1/tasks/team/bot/prompt/latest", "team/bot"],
    ["/v1/tasks/team%2Fbot/prompt/latest/", "team/bot"],
    ["/api/v1/v1/tasks/team%2fbot/prompt/latest", "team/bot"],
    ["//v1/tasks/a%20b%252F%25+%C3%A4%3F%00/prompt/latest", "a b%2F%+ä?\0"],
    ["/v1/tasks/prompt/latest/prompt/latest", "prompt/latest"],
    ["/old/x/y/latest", "x/y"],
  ])("%s has the task %j", async (path, task) => {
    expect(await called(path)).toMatchObject({ route: "/v1/tasks/:task+/prompt/latest", params: { task } });
  });

  test("a literal part wins over a parameter, and the longer path over the greedy one", async () => {
    expect(await called("/v1/tasks/a/b/prompt/versions/by-hash/c")).toMatchObject({
      params: { task: "a/b", hash: "c" },
    });
    expect(await called("/v1/tasks/a/b/prompt/versions/3")).toMatchObject({ params: { task: "a/b", number: "3" } });
  });

  test.each([
    ["/datasets/a", "/datasets/:name+", { name: "a" }],
    ["/datasets/a/b", "/datasets/:name+", { name: "a/b" }],
    ["/datasets/a/b/data", "/datasets/:name+/data", { name: "a/b" }],
    ["/datasets/a/data/b/c", "/datasets/:name+", { name: "a/data/b/c" }],
    ["/datasets/a/b/data/main", "/datasets/:name+/data/:ref", { name: "a/b", ref: "main" }],
  ])("%s is the path %s, whose greedy part leaves the rest to the others", async (path, route, params) => {
    expect(await called(path)).toMatchObject({ route, params });
  });

  test("a part may end in a word after a colon", async () => {
    expect(await called("/tags/a:pin", "POST")).toMatchObject({ route: "/tags/:tag::pin", params: { tag: "a" } });
    expect(await called("/tags/a%3Ab%3Apin", "POST")).toMatchObject({ params: { tag: "a:b" } });
    expect(await called("/tags/a:pins", "POST")).toMatchObject({ route: "/tags/:tag", params: { tag: "a:pins" } });
    expect(await called("/tags/:pin", "POST")).toMatchObject({ route: "/tags/:tag", params: { tag: ":pin" } });
  });

  test("a placeholder that nobody filled in is a parameter like others", async () => {
    expect(await called("/projects/%7Bproject_id%7D/judges")).toMatchObject({ params: { project_id: "{project_id}" } });
  });

  test("handlers are told path and query without the prefix", async () => {
    expect(await called("/api/v1/spans/?a=%20b&a=2")).toMatchObject({
      url: "/spans/?a=%20b&a=2",
      query: { a: [" b", "2"] },
    });
  });

  test("the whole address in a request line, as clients of proxies send it, is its path", async () => {
    const answer = await api.raw(
      "GET http://example.com/spans HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1.1 200/);
  });

  test("another method is answered with 405 and the methods there are", async () => {
    const response = await fetch(`${api.url}/spans`, { method: "DELETE" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD, POST, OPTIONS"]);
    expect(await response.json()).toEqual({ detail: "/spans has no method DELETE" });
    const odd = await api.raw("PROPFIND /spans/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    expect(odd).toMatch(/^HTTP\/1.1 405/);
  });

  test.each([
    "/",
    "/nothing",
    "/spans/1/2",
    "/v1/tasks/prompt/latest",
    "/spans/../spans",
    "/api/v1",
    "/spans/%2e%2e/x",
  ])("%s is answered with 404 in the envelope", async (path) => {
    const answer = await api.raw(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 404/);
    expect(answer).toContain('{"detail":"no route GET ');
  });

  test("HEAD is GET without a body", async () => {
    const response = await fetch(`${api.url}/spans`, { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(Number(response.headers.get("content-length"))).toBeGreaterThan(0);
  });

  test("OPTIONS tells the methods", async () => {
    const response = await fetch(`${api.url}/spans`, { method: "OPTIONS" });
    expect([response.status, response.headers.get("allow")]).toEqual([204, "GET, HEAD, POST, OPTIONS"]);
  });

  test("a path that is no UTF-8 is answered with 400", async () => {
    for (const path of ["/spans/%zz", "/spans/%ff", "/spans/%"]) {
      const response = await api.get(path);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ detail: [{ loc: ["path"], type: "invalid_encoding" }] });
    }
  });

  test("a request keeps its id, or gets one", async () => {
    expect((await api.get("/spans", { "x-request-id": "abc-1" })).headers.get("x-request-id")).toBe("abc-1");
    expect((await api.get("/nothing", { "x-request-id": "a b" })).headers.get("x-request-id")).toMatch(
      /^[0-9a-f-]{36}$/,
    );
  });

  test("two routes of one method and path are an error at start", () => {
    expect(() => new Router([echoRoute({ path: "/a/:b" }), echoRoute({ path: "/a/:c" })])).toThrow(
      "two routes GET /a/:c",
    );
    expect(() => new Router([echoRoute({ path: "/a/:B-c" })])).toThrow('":B-c" must be :name');
  });
});
