import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiConfigSchema } from "../../extensions/api/config.ts";
import type { ApiRequest, Route } from "../../extensions/api/http/route.ts";
import { uuidOfProject } from "../../pipeline/ids.ts";
import type { Reader, ReadOptions } from "../../query/reader.ts";
import { sessionRoutes } from "../../query/sessions/routes.ts";
import type { Statement } from "../../query/sql.ts";
import { traceRoutes } from "../../query/traces/routes.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { project, sessionUuidOf, startTestStore, type TestStore, traceUuid } from "./support.ts";

let server: TestClickHouse;
let store: TestStore;
const config = apiConfigSchema.parse({});
const session = sessionUuidOf(1);
beforeAll(async () => {
  ({ server, store } = await startTestStore());
  const span = { trace: 1, span: 1, name: "root", at: 0, lasts: 5, session };
  await store.spans({ ...span, input: "in", created: 1_000 }, { ...span, output: "out", created: 2_000 });
  await store.spans({ trace: 2, span: 2, name: "root", at: 0, lasts: 5, session });
});
afterAll(() => server.stop());

/** The store, by way of something that sees every statement. */
function readerWith(seen: (statement: Statement, options?: ReadOptions) => Statement): Reader {
  const { reader } = store;
  return {
    tables: reader.tables,
    bounds: reader.bounds,
    countedHours: reader.countedHours,
    loggedMessages: reader.loggedMessages,
    rows: (statement, options) => reader.rows(seen(statement, options), options),
  };
}

async function ask(reader: Reader, path: string, signal: AbortSignal): Promise<unknown> {
  const routes: readonly Route[] = [...traceRoutes({ reader, config }), ...sessionRoutes({ reader, config })];
  const { pathname, searchParams } = new URL(path, "http://localhost");
  const [, area, id] = pathname.split("/");
  const route = routes.find((one) => one.path.startsWith(`/${area}`) && one.path.includes(":") === (id !== undefined))!;
  const request: ApiRequest = {
    caller: {
      projectId: uuidOfProject(project),
      projectName: "p",
      workspaceId: project,
      access: "read_only",
      keyId: project,
    },
    params: id === undefined ? undefined : route.params?.parse({ trace_id: id, session_id: id }),
    query: route.query?.parse(Object.fromEntries(searchParams)),
    body: undefined,
    headers: {},
    url: path,
    signal,
  };
  return route.handle(request as never);
}

const paths = [
  "/traces?count=true",
  "/traces?count=true&sort_by=cost&limit=1",
  `/traces/${traceUuid(1)}`,
  "/sessions?count=true",
  "/traces?all=true",
  "/sessions?all=true&sort_by=cost",
  "/sessions?count=true&sort_by=cost&limit=1",
  `/sessions/${session}`,
];

describe("a client that hangs up", () => {
  it.each(paths)("can stop every statement of %s", async (path) => {
    const { signal } = new AbortController();
    const signals: unknown[] = [];
    const reader = readerWith((statement, options) => {
      signals.push(options?.signal);
      return statement;
    });
    await ask(reader, path, signal);
    expect(signals.length).toBeGreaterThan(1);
    expect(signals.filter((one) => one !== signal)).toEqual([]);
  });

  it.each(paths)("ends what the server computes for %s", async (path) => {
    const marker = `hung-up-list-${paths.indexOf(path)}`;
    const controller = new AbortController();
    const slow = `SELECT '${marker}', count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))`;
    const asked = ask(
      readerWith(() => ({ query: slow, params: {} })),
      path,
      controller.signal,
    ).catch((error: unknown) => error);
    const running = async (): Promise<number> =>
      (await server.query(`SELECT 1 FROM system.processes WHERE query LIKE 'SELECT ''${marker}''%'`)).length;
    await expect.poll(running, { timeout: 5_000 }).toBeGreaterThan(0);
    controller.abort();
    expect(await asked).toBeInstanceOf(Error);
    await expect.poll(running, { timeout: 5_000 }).toBe(0);
  });
});
