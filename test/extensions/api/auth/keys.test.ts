import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requireProject, requireWorkspace } from "../../../../extensions/api/auth/guard.ts";
import { anybody } from "../../../../extensions/api/auth/keys.ts";
import { authProject } from "../../../../pipeline/auth.ts";
import { StatusCode } from "../../../../pipeline/errors.ts";
import { cli } from "../../../support/cli.ts";
import { externalClickHouse, startTestClickHouse, type TestClickHouse } from "../../../support/clickhouse.ts";
import { until } from "../../../support/until.ts";
import { echoRoute, TestApi } from "../support.ts";

const project = "aaaaaaaa-0000-4000-8000-00000000000a";
const workspace = "eeeeeeee-0000-4000-8000-00000000000e";

let clickhouse: TestClickHouse;
const running: TestApi[] = [];
beforeAll(async () => {
  clickhouse = await startTestClickHouse();
});
afterAll(async () => {
  for (const api of running) await api.extension.shutdown();
  await clickhouse.stop();
});

async function start(config: Record<string, unknown> = {}): Promise<TestApi> {
  const exporter = { endpoint: clickhouse.url, database: clickhouse.database };
  const api = await TestApi.start(undefined, { config: { key_cache_time: "50ms", ...config }, exporter });
  api.extension.mount("test", [
    echoRoute({ path: "/echo" }),
    echoRoute({ path: "/echo", method: "POST", permission: "write", ingest: true }),
  ]);
  api.extension.pipelineReady();
  running.push(api);
  await until(async () => (await api.get("/echo")).status !== 404);
  return api;
}

async function keys(...args: string[]): Promise<string> {
  const config = `yaml:
receivers: {nop: }
exporters: {nop: , clickhouse: {endpoint: "${clickhouse.url}", database: ${clickhouse.database}}}
service: {pipelines: {traces: {receivers: [nop], exporters: [nop]}}}`;
  const { code, out, err } = await cli("keys", ...args, "--config", config);
  if (code !== 0) throw new Error(err);
  return out;
}

interface Made {
  readonly id: string;
  readonly key: string;
}
const make = async (...args: string[]): Promise<Made> => JSON.parse(await keys("create", "--json", ...args)) as Made;
const statusWith = async (api: TestApi, key: string) =>
  (await api.get("/echo", { authorization: `Bearer ${key}` })).status;

// In this order: until there is a key, everybody may call.
describe("keys in the table", () => {
  let first: Made;
  let api: TestApi;

  test("with the first one, keys are needed", async () => {
    api = await start();
    expect((await api.get("/echo")).status).toBe(200);
    expect(await (await api.post("/api-keys/resolve", '{"api_key":"whatever"}')).json()).toMatchObject({
      project_id: "00000000-0000-0000-0000-000000000000",
    });
    first = await make(
      "--project",
      project.toUpperCase(),
      "--project-name",
      "demo",
      "--workspace",
      workspace,
      "--name",
      "ci",
    );
    expect(first.key).toMatch(/^sk_ze_[A-Za-z0-9_-]{43}$/);
    await until(async () => (await api.get("/echo")).status === 401);
    const response = await api.get("/echo", { authorization: `Bearer ${first.key}` });
    expect([response.status, await response.json()]).toEqual([200, expect.objectContaining({ project: "demo" })]);
  });

  test("are stored as hashes alone, and listed without the key", async () => {
    const rows = await clickhouse.query("SELECT * FROM api_keys WHERE Hash != ''");
    expect(rows).toEqual([
      expect.objectContaining({
        KeyId: first.id,
        Hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        Prefix: first.key.slice(0, 12),
      }),
    ]);
    expect(JSON.stringify(rows)).not.toContain(first.key.slice(12));
    expect(JSON.parse(await keys("list", "--json"))).toEqual([
      {
        id: first.id,
        prefix: first.key.slice(0, 12),
        name: "ci",
        project_id: project,
        project_name: "demo",
        workspace_id: workspace,
        access: "read_write",
        created_at: expect.stringMatching(/^20\d\d-.*Z$/),
        revoked_at: null,
        last_used_at: expect.stringMatching(/:00:00Z$/),
      },
    ]);
    expect(await keys("list")).toContain(`${first.id}  ${first.key.slice(0, 12)}...  ${project} (demo)  read_write`);
  });

  test.each(["", "sk_ze_wrong", "' OR 1 --", "a".repeat(5_000), "ü"])("'%s' is none", async (key) => {
    const authorization = `Bearer ${Buffer.from(key).toString("latin1")}`;
    const response = await api.get("/echo", { authorization });
    expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    expect(await response.text()).not.toContain("sk_ze_");
  });

  test("may be for reading alone", async () => {
    const { key } = await make("--access", "read_only", "--project", "new");
    expect(await statusWith(api, key)).toBe(200);
    expect((await api.post("/echo", "", { authorization: `Bearer ${key}` })).status).toBe(403);
    const headers = new Map([["authorization", [`Bearer ${key}`]]]);
    await expect(api.extension.authenticate(headers)).rejects.toMatchObject({ code: StatusCode.PERMISSION_DENIED });
  });

  test("are resolved to their project", async () => {
    const resolved = await api.post("/api-keys/resolve", JSON.stringify({ api_key: first.key }));
    expect(await resolved.json()).toEqual({ project_id: project, project_name: "demo", workspace_id: workspace });
    expect((await api.post("/api-keys/resolve", '{"api_key":"x"}')).status).toBe(401);
    expect((await api.post("/api-keys/resolve", "{}")).status).toBe(400);
  });

  test("tell receivers the project of what they get", async () => {
    const asked = api.extension.authenticate(new Map([["authorization", [`bearer ${first.key}`]]]));
    expect(await asked).toEqual(
      new Map([
        ["subject", first.id],
        [authProject, project],
      ]),
    );
    await expect(api.extension.authenticate(new Map())).rejects.toMatchObject({ code: StatusCode.UNAUTHENTICATED });
  });

  test("revoked ones are refused within seconds, by every process, and for good", async () => {
    const { key, id } = await make();
    const other = await start();
    expect([await statusWith(api, key), await statusWith(other, key)]).toEqual([200, 200]);
    expect(await keys("revoke", key)).toContain(`revoked ${key.slice(0, 12)}... (${id})`);
    for (const one of [api, other]) await until(async () => (await statusWith(one, key)) === 401);
    // What another process writes late does not bring it back.
    await clickhouse.command(`INSERT INTO api_keys (KeyId, LastUsedAt) VALUES ('${id}', now64(3))`);
    await clickhouse.command("OPTIMIZE TABLE api_keys FINAL");
    expect(await statusWith(await start(), key)).toBe(401);
  });

  test("revoke says what it does not find", async () => {
    await expect(keys("revoke", "nothing")).rejects.toThrow('no key "nothing"');
    await expect(keys("revoke", "sk_ze_")).rejects.toThrow("several keys begin so");
    await expect(keys("create", "--project", "x")).rejects.toThrow("must be a UUID");
  });

  test("on an address that others reach, nobody calls without one, whatever the table holds", async () => {
    const others = await start({ endpoint: "0.0.0.0:0" });
    expect((await others.get("/echo")).status).toBe(401);
    expect((await others.get("/health")).status).toBe(200);
  });

  test.skipIf(externalClickHouse)(
    "while ClickHouse is away, known ones are taken, others are answered with 503",
    async () => {
      expect(await statusWith(api, first.key)).toBe(200);
      const fresh = await start();
      await clickhouse.kill();
      try {
        await until(async () => (await fresh.get("/echo", { authorization: "Bearer other" })).status === 503);
        expect(await statusWith(api, first.key)).toBe(200);
        const response = await fresh.get("/echo", { authorization: `Bearer ${first.key}` });
        expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
        await expect(keys("list")).rejects.toThrow("an embedded server answers while signalbox runs");
      } finally {
        await clickhouse.restart();
      }
      expect(await statusWith(fresh, first.key)).toBe(200);
    },
  );
});

describe("projects and workspaces in paths", () => {
  const caller = { ...anybody, projectId: project, workspaceId: workspace };

  test("must be the key's own, in any spelling or as the unfilled placeholder", () => {
    for (const id of [project, project.toUpperCase(), `{${project}}`, "{project_id}"])
      expect(() => requireProject(caller, id)).not.toThrow();
    expect(() => requireWorkspace(caller, workspace.toUpperCase())).not.toThrow();
  });

  test("of others, of nobody and none at all are one and the same 404", () => {
    for (const id of [workspace, anybody.projectId, "{project}", "x", "", "' OR 1"]) {
      expect(() => requireProject(caller, id)).toThrow(
        expect.objectContaining({ status: 404, detail: "project not found" }),
      );
      expect(() => requireWorkspace(caller, `${id}0`)).toThrow("workspace not found");
    }
  });
});
