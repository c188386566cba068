import { afterEach, describe, expect, it, vi } from "vitest";
import { healthCheckConfigSchema } from "../../../extensions/health_check/config.ts";
import { HealthCheckExtension } from "../../../extensions/health_check/extension.ts";
import { goDuration } from "../../../extensions/health_check/status.ts";
import { testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";

const running: HealthCheckExtension[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((extension) => extension.shutdown()));
});

function create(config: Record<string, unknown> = {}, settings = testSettings({ id: "health_check" })) {
  const parsed = healthCheckConfigSchema.parse({ endpoint: "localhost:0", ...config });
  const extension = new HealthCheckExtension(parsed, settings);
  running.push(extension);
  return extension;
}

const get = (extension: HealthCheckExtension, path = "/") => fetch(`http://127.0.0.1:${extension.port}${path}`);

describe("health_check", () => {
  itLivesAsAComponent(() => create());

  it("answers 503 before the pipelines are ready", async () => {
    const extension = create();
    await extension.start();
    const response = await get(extension);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      status: "Server not available",
      upSince: "0001-01-01T00:00:00Z",
      uptime: "",
    });
  });

  it("answers 200 while they are ready", async () => {
    const extension = create();
    await extension.start();
    extension.pipelineReady();
    const response = await get(extension);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({
      status: "Server available",
      upSince: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      uptime: expect.stringMatching(/^[\d.]+m?s$/),
    });
  });

  it("answers 503 from the moment the receivers stop", async () => {
    const extension = create();
    await extension.start();
    extension.pipelineReady();
    extension.pipelineNotReady();
    expect((await get(extension)).status).toBe(503);
  });

  it("answers every path by default, and only its own otherwise", async () => {
    const everywhere = create();
    const somewhere = create({ path: "/healthz" });
    for (const extension of [everywhere, somewhere]) {
      await extension.start();
      extension.pipelineReady();
    }
    expect((await get(everywhere, "/any/path?query")).status).toBe(200);
    expect((await get(somewhere, "/healthz?query")).status).toBe(200);
    expect((await get(somewhere, "/")).status).toBe(404);
  });

  it.each([
    ["for each state", { healthy: "fine", unhealthy: "away" }, "away", "fine"],
    ["for both states", "here", "here", "here"],
  ])("answers with response_body %s", async (_, response_body, before, after) => {
    const extension = create({ response_body });
    await extension.start();
    expect(await (await get(extension)).text()).toBe(before);
    extension.pipelineReady();
    expect(await (await get(extension)).text()).toBe(after);
  });

  it("says that its address is in use", async () => {
    const first = create();
    await first.start();
    await expect(create({ endpoint: `localhost:${first.port}` }).start()).rejects.toThrow(
      `health_check: cannot listen on 127.0.0.1:${first.port}: address already in use`,
    );
  });

  it("warns that check_collector_pipeline is ignored", async () => {
    const settings = testSettings();
    const warn = vi.spyOn(settings.logger, "warn");
    await create({ check_collector_pipeline: { enabled: true } }, settings).start();
    expect(warn).toHaveBeenCalledWith("check_collector_pipeline is ignored");
  });
});

describe("health_check configuration", () => {
  it.each([{ use_v2: true }, { http: {} }, { grpc: {} }, { component_health: {} }])("refuses %j", (config) => {
    expect(healthCheckConfigSchema.safeParse(config).error?.issues.map((issue) => issue.message)).toEqual([
      "is a key of health check version 2, which is not supported: use endpoint, path and response_body",
    ]);
  });

  it("takes use_v2 false", () => {
    expect(healthCheckConfigSchema.safeParse({ use_v2: false }).success).toBe(true);
  });
});

describe("goDuration", () => {
  it.each([
    [0, "0ms"],
    [250.5, "250.5ms"],
    [49_013.25, "49.01325s"],
    [61_000, "1m1s"],
    [3_723_500, "1h2m3.5s"],
    [90_000_000, "25h0m0s"],
  ])("prints %d ms as %s", (ms, text) => {
    expect(goDuration(ms)).toBe(text);
  });
});
