import { connect } from "node:net";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { isWithinDepth } from "../../../../extensions/api/http/depth.ts";
import { echoRoute, TestApi } from "../support.ts";

const routes = [
  echoRoute({ path: "/spans", method: "POST", body: z.unknown(), ingest: true, permission: "write" }),
  echoRoute({ path: "/judges", method: "POST", body: z.unknown(), permission: "write" }),
  echoRoute({ path: "/spans/:span_id" }),
];
const config = {
  read_timeout: "400ms",
  read_header_timeout: "200ms",
  cors: { allowed_origins: ["https://console.test"] },
};
const keys = [{ key: "secret" }];

let open: TestApi;
let closed: TestApi;
beforeAll(async () => {
  open = await TestApi.start(routes, { config });
  closed = await TestApi.start(routes, { config: { ...config, keys } });
});
afterAll(() => Promise.all([open.extension.shutdown(), closed.extension.shutdown()]));

const head = (line: string, ...headers: string[]) =>
  `${[line, "Host: localhost", "Connection: close", ...headers].join("\r\n")}\r\n\r\n`;
const stillAnswers = async () => expect((await open.get("/spans/1")).status).toBe(200);

describe("bodies", () => {
  test.each([
    ["gzip", gzipSync],
    ["GZIP", gzipSync],
    ["deflate", deflateSync],
    ["deflate", deflateRawSync],
    ["identity", (text: string) => Buffer.from(text)],
  ])("compressed by %s are read", async (coding, pack) => {
    const response = await open.post("/spans", new Uint8Array(pack('[{"a":1}]')), { "content-encoding": coding });
    expect(await response.json()).toMatchObject({ body: [{ a: 1 }] });
  });

  test("an encoding that is not known is answered with 415, one that is not what it says with 400", async () => {
    expect((await open.post("/spans", "[]", { "content-encoding": "rot13" })).status).toBe(415);
    const broken = await open.post("/spans", "[]", { "content-encoding": "gzip" });
    expect([broken.status, await broken.text()]).toEqual([400, expect.stringContaining("body is not valid gzip")]);
  });

  test.each(["text/plain", "application/json; charset=utf-8", "nonsense", "a/b; ;;=", ""])(
    "content type '%s' does not matter",
    async (type) => {
      const length = ["Content-Length: 2", ...(type === "" ? [] : [`Content-Type: ${type}`])];
      expect(await open.raw(`${head("POST /spans HTTP/1.1", ...length)}[]`)).toMatch(/^HTTP\/1.1 200/);
    },
  );

  test("chunked ones are read", async () => {
    const answer = await open.raw(
      `${head("POST /spans HTTP/1.1", "Transfer-Encoding: chunked")}1\r\n[\r\n1\r\n]\r\n0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 200/);
  });

  test("lists in lists are bounded, and quoted brackets are none", async () => {
    const deep = (n: number) => "[".repeat(n) + "]".repeat(n);
    expect((await open.post("/spans", deep(100))).status).toBe(200);
    const response = await open.post("/spans", deep(101));
    expect(await response.json()).toMatchObject({ detail: [{ loc: ["body"], type: "json_too_deep" }] });
    expect((await open.post("/spans", deep(1_000_000))).status).toBe(400);
    expect((await open.post("/spans", `["\\"${"[".repeat(500)}\\\\", 1]`)).status).toBe(200);
    expect(isWithinDepth(Buffer.from('{"a":"\\\\"}[['), 1)).toBe(false);
  });

  test("null bytes and odd text come through, and what is no UTF-8 is answered with 400", async () => {
    const text = '["\\u0000", "\\ud800", "\u{1f600}", "__proto__"]';
    expect((await open.post("/spans", text)).status).toBe(200);
    for (const bytes of [[0x22, 0xff, 0x22], [0xfe, 0xff, 0, 0x5b], [0], []])
      expect((await open.post("/spans", new Uint8Array(bytes))).status, String(bytes)).toBe(400);
    expect((await open.post("/spans", new Uint8Array([0xef, 0xbb, 0xbf, 0x5b, 0x5d]))).status).toBe(200);
  });

  test("half a character is read as U+FFFD, in names too, and whole ones and escaped backslashes stay", async () => {
    const text = String.raw`[{"a\ud800":"\uDC00 \ud83d\ude00 \ud83d\ud83d\ude00 \\ud800 \\\ud800"}]`;
    const { body } = (await (await open.post("/spans", text)).json()) as { body: unknown };
    expect(body).toEqual([{ "a\ufffd": "\ufffd \u{1f600} \ufffd\u{1f600} \\ud800 \\\ufffd" }]);
  });

  test("one that does not come in time is answered with 408", async () => {
    const answer = await open.raw(`${head("POST /spans HTTP/1.1", "Content-Length: 10")}[`);
    expect(answer).toMatch(/^HTTP\/1.1 408 .*\r\n\r\n\{"detail":"the request did not come to its end in time"\}$/s);
    await stillAnswers();
  });

  test("a client that hangs up in the middle leaves nothing behind", async () => {
    const socket = connect(open.extension.port, "127.0.0.1");
    socket.write(`${head("POST /spans HTTP/1.1", "Content-Length: 10")}[`, () => socket.destroy());
    await new Promise((resolve) => socket.once("close", resolve));
    await stillAnswers();
  });
});

describe("request lines and headers", () => {
  test.each([
    ["no HTTP at all", "hello\r\n\r\n", 400],
    ["a line break in a path", head("GET /spans/1\r\nset-cookie: y HTTP/1.1"), 200],
    ["a null byte in a header", head("GET /spans/1 HTTP/1.1", "X-A: a\0b"), 400],
    ["a null byte in a path", head("GET /spans/a\0b HTTP/1.1"), 400],
    ["two lengths", `${head("POST /spans HTTP/1.1", "Content-Length: 2", "Content-Length: 3")}[]`, 400],
    [
      "a length and chunks",
      `${head("POST /spans HTTP/1.1", "Content-Length: 2", "Transfer-Encoding: chunked")}0\r\n\r\n`,
      400,
    ],
    ["a very long path", head(`GET /spans/${"a".repeat(20_000)} HTTP/1.1`), 431],
    ["very long headers", head("GET /spans/1 HTTP/1.1", `X-A: ${"a".repeat(20_000)}`), 431],
    ["a long path", head(`GET /spans/${"a".repeat(10_000)} HTTP/1.1`), 200],
    ["many slashes", head(`GET ${"/".repeat(8_000)}spans/1 HTTP/1.1`), 200],
    ["many parts", head(`GET ${"/a".repeat(4_000)} HTTP/1.1`), 404],
    ["an encoded line break", head("GET /spans/a%0d%0aSet-Cookie:%20b HTTP/1.1"), 200],
    ["an encoded null byte", head("GET /spans/%00 HTTP/1.1"), 200],
    ["one header twice", head("GET /spans/1 HTTP/1.1", "X-Request-Id: a", "X-Request-Id: b"), 200],
    ["a query that cannot be decoded", head("GET /spans/1?a=%zz&%&=&&b HTTP/1.1"), 200],
  ])("%s", async (_what, bytes, status) => {
    const answer = await open.raw(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer.split("\r\n\r\n")[0]).not.toMatch(/set-cookie/i);
    await stillAnswers();
  });

  test("headers that do not come in time are answered with 408", async () => {
    expect(await open.raw("GET /spans/1 HTTP/1.1\r\nHost: localhost\r\n")).toMatch(/^HTTP\/1.1 408/);
  });

  test("of two keys none is joined with the other", async () => {
    const ask = (...values: string[]) =>
      closed.raw(head("GET /spans/1 HTTP/1.1", ...values.map((v) => `Authorization: ${v}`)));
    expect(await ask("Bearer wrong", "Bearer secret")).toMatch(/^HTTP\/1.1 401/);
    expect(await ask("Bearer secret, Bearer secret")).toMatch(/^HTTP\/1.1 401/);
    expect(await ask("BEARER secret")).toMatch(/^HTTP\/1.1 200/);
  });
});

describe("pages of other origins", () => {
  const preflight = (api: TestApi, path: string, origin: string, method = "POST") =>
    fetch(api.url + path, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": method, "access-control-request-headers": "authorization" },
    });
  const allowed = (response: Response) => response.headers.get("access-control-allow-origin");

  test("may send telemetry from anywhere", async () => {
    const response = await preflight(closed, "/api/v1/spans/", "https://app.test");
    expect([response.status, allowed(response)]).toEqual([204, "https://app.test"]);
    expect(response.headers.get("access-control-allow-headers")).toMatch(/^authorization, content-type/);
    const sent = await closed.post("/spans", "[]", { origin: "https://app.test", authorization: "Bearer secret" });
    expect([sent.status, allowed(sent)]).toEqual([200, "https://app.test"]);
    const refused = await closed.post("/spans", "[]", { origin: "https://app.test" });
    expect([refused.status, allowed(refused)]).toEqual([401, "https://app.test"]);
  });

  test("may do everything else where the configuration names them", async () => {
    expect(allowed(await preflight(closed, "/judges", "https://app.test"))).toBeNull();
    expect(allowed(await preflight(closed, "/judges", "https://console.test"))).toBe("https://console.test");
    expect(allowed(await preflight(closed, "/spans/1", "https://console.test", "GET"))).toBe("https://console.test");
    expect(
      allowed(await closed.get("/spans/1", { origin: "https://app.test", authorization: "Bearer secret" })),
    ).toBeNull();
  });

  test("do nothing else where no key is needed, also under a name made to lead here", async () => {
    expect((await open.post("/judges", "[]", { origin: "https://app.test" })).status).toBe(403);
    expect((await open.post("/spans", "[]", { origin: "https://app.test" })).status).toBe(200);
    expect((await open.post("/judges", "[]", { origin: open.url })).status).toBe(200);
    const rebound = await open.raw("GET /spans/1 HTTP/1.1\r\nHost: evil.test:8080\r\nConnection: close\r\n\r\n");
    expect(rebound).toMatch(/^HTTP\/1.1 403/);
  });
});
