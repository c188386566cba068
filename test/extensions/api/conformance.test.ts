import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clickhouseConfigSchema } from "../../../exporters/clickhouse/config.ts";
import { ClickHouseExporter } from "../../../exporters/clickhouse/exporter.ts";
import type { OpenApiDocument, Operation } from "../../../extensions/api/openapi/types.ts";
import { startTestClickHouse, type TestClickHouse } from "../../support/clickhouse.ts";
import { testSettings } from "../../support/doubles.ts";
import { TestApi } from "./support.ts";

/*
 * Rules that hold for every route, whatever it does. The list of routes is the server's own description.
 */

const project = "aaaaaaaa-0000-4000-8000-00000000000a";
const foreign = "bbbbbbbb-0000-4000-8000-00000000000b";
const keys = [
  { key: "full", project },
  { key: "reader", project, access: "read_only" },
];
const full = { authorization: "Bearer full" };

interface Case {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

let clickhouse: TestClickHouse;
let exporter: ClickHouseExporter;
let api: TestApi;
let orphan: TestApi;
let cases: readonly Case[];

beforeAll(async () => {
  clickhouse = await startTestClickHouse();
  const store = { endpoint: clickhouse.url, database: clickhouse.database };
  exporter = new ClickHouseExporter(clickhouseConfigSchema.parse(store), testSettings({ id: "clickhouse" }));
  await exporter.start();
  api = await TestApi.start(undefined, { config: { keys }, exporter: store });
  orphan = await TestApi.start(undefined, { config: { keys }, exporter: { endpoint: "http://127.0.0.1:1" } });
  const document = (await (await api.get("/openapi.json")).json()) as OpenApiDocument;
  cases = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
});
afterAll(async () => {
  await Promise.all([api.extension.shutdown(), orphan.extension.shutdown()]);
  await exporter.shutdown(AbortSignal.timeout(1_000));
  await clickhouse.stop();
});

const isPublic = ({ operation }: Case): boolean => operation.security?.length === 0;
const isWrite = ({ operation }: Case): boolean => "403" in operation.responses;

function filled(path: string, own: string, other = "5b8efff7-9803-8103-d269-b633813fc60c"): string {
  const values: Readonly<Record<string, string>> = { project_id: own, entity_type: "span" };
  return path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => encodeURIComponent(values[name] ?? other));
}

async function call(to: TestApi, { method }: Case, path: string, headers: Record<string, string>, body = "{}") {
  const init = { method, headers, redirect: "error" as const, ...(method === "GET" ? {} : { body }) };
  const response = await fetch(to.url + path, init);
  return { status: response.status, headers: response.headers, text: await response.text(), path: `${method} ${path}` };
}

/** 501 says that a thing is not here on purpose. */
const isFault = (status: number): boolean => status >= 500 && status !== 501;

async function provoke(one: Case, text: string): Promise<void> {
  const parameters = (one.operation.parameters ?? []).map(({ name }) => [name, text]);
  const searches = [new URLSearchParams(Object.fromEntries(parameters)), new URLSearchParams([[text, text]])];
  const object = { [text]: text, query: text, name: text };
  const bodies = one.method === "GET" ? [""] : [JSON.stringify(text), JSON.stringify(object), "[]"];
  for (const body of bodies) {
    for (const search of searches) {
      const answer = await call(api, one, `${filled(one.path, project, text)}?${search}`, full, body);
      expect([answer.path, !isFault(answer.status) || answer.text]).toEqual([answer.path, true]);
    }
  }
}

describe("every route", () => {
  test("is described", () => {
    expect(cases.length).toBeGreaterThan(5);
  });

  test("asks for a key, unless it is public, and lets a key that may only read write nothing", async () => {
    for (const one of cases.filter((each) => !isPublic(each))) {
      const path = filled(one.path, project);
      const answer = await call(api, one, path, {});
      expect([answer.path, answer.status, answer.headers.get("www-authenticate")]).toEqual([
        answer.path,
        401,
        "Bearer",
      ]);
      if (!isWrite(one)) continue;
      expect([answer.path, (await call(api, one, path, { authorization: "Bearer reader" })).status]).toEqual([
        answer.path,
        403,
      ]);
    }
  });

  test("answers 404 in the same words for a project of others and for none at all", async () => {
    for (const one of cases.filter(({ path }) => path.includes("{project_id}"))) {
      const answers = await Promise.all(
        [foreign, "11111111-1111-4111-8111-111111111111"].map((id) => call(api, one, filled(one.path, id), full)),
      );
      // A body that is wrong may be told first, but then for both.
      expect(answers[0]!.text, answers[0]!.path).toBe(answers[1]!.text);
      expect([400, 404], answers[0]!.path).toContain(answers[0]!.status);
      if (one.method === "GET") expect([answers[0]!.path, answers[0]!.status]).toEqual([answers[0]!.path, 404]);
    }
  });

  test("is there below /api/v1 and with a slash at its end, and tells its methods", async () => {
    for (const one of cases) {
      const path = filled(one.path, project);
      for (const variant of [`/api/v1${path}`, `${path}/`, `/${path}`]) {
        const answer = await call(api, one, variant, {});
        expect([answer.path, answer.status]).not.toEqual([answer.path, 404]);
        expect(isFault(answer.status), answer.path).toBe(false);
      }
      const options = await fetch(api.url + path, { method: "OPTIONS" });
      expect(options.headers.get("allow"), path).toContain(one.method);
      const odd = await fetch(api.url + path, { method: "PURGE" });
      expect(odd.status, path).toBe(405);
    }
  });

  const nasty = [
    "' OR 1=1 --",
    "{p1: String}",
    "\0",
    "../../etc/passwd",
    "%",
    "a".repeat(3_000),
    "🙂",
    "-1",
    "1e309",
    "__proto__",
    "\\'; DROP TABLE otel_traces",
  ];

  test("takes anything in its path, query and body without an error of its own", { timeout: 180_000 }, async () => {
    for (const one of cases) await Promise.all(nasty.map((text) => provoke(one, text)));
    expect(await clickhouse.query("SELECT count() AS n FROM otel_traces")).toEqual([{ n: "0" }]);
  });

  test("answers 503 and when to ask again while ClickHouse is away", async () => {
    for (const one of cases.filter((each) => !isPublic(each) && each.method === "GET")) {
      // What a key says of itself needs no store.
      if (one.path.startsWith("/organizations/")) continue;
      const answer = await call(orphan, one, filled(one.path, project), full);
      if (answer.status === 400 || answer.status === 404 || answer.status === 501) continue;
      expect([answer.path, answer.status]).toEqual([answer.path, 503]);
      expect(Number(answer.headers.get("retry-after")), answer.path).toBeGreaterThan(0);
    }
  });
});
