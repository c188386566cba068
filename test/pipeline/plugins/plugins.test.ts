import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { loadConfig } from "../../../config/load.ts";
import type { Components } from "../../../pipeline/components.ts";
import { PermanentError, RetryableError } from "../../../pipeline/errors.ts";
import { withPlugin } from "../../../pipeline/plugins/load.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { batchOf } from "../../support/batches.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";
import { fakeComponents } from "../../support/fake-components.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { plainSpans } from "../../support/plain.ts";

const none: Components = { receivers: [], processors: [], exporters: [], extensions: [] };

/** A processor that renames every span and then fails, as `body` says. */
function failing(body: string): string {
  return `export default ({ defineSpanProcessor }) => ({ processors: [defineSpanProcessor({
    type: "failing", description: "Fails.",
    create: () => (batch) => { for (const span of batch) span.name = "half done"; ${body} },
  })] });`;
}

describe("plugins", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "signalbox-plugin-"));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
  });

  async function load(source: string): Promise<Components> {
    await writeFile(join(directory, "plugin.mjs"), source);
    return withPlugin(none, "./plugin.mjs", directory);
  }

  async function started(source: string, config: object) {
    const { processors } = await load(source);
    const factory = processors[0]!;
    const next = new RecordingConsumer<SpanBatch>();
    const metrics = collectMetrics();
    const processor = factory.create(
      factory.configSchema.parse(config),
      next,
      testSettings({ id: "failing", meter: metrics.meter }),
    );
    const failed = async (outcome: string) => (await metrics.value("processor_plugin_failed_items", { outcome })) ?? 0;
    return { processor, next, failed };
  }

  it("refuses the batch on which a plugin threw, and counts it, unless told otherwise", async () => {
    const { processor, next, failed } = await started(failing(`throw new Error("oops");`), {});
    const refused = processor.consume(batchOf(3));
    await expect(refused).rejects.toBeInstanceOf(RetryableError);
    await expect(refused).rejects.toThrow("failing: plugin failed: oops");
    expect(next.batches).toEqual([]);
    expect(await failed("refuse")).toBe(3);
  });

  it("passes the batch on as it was before the plugin with error_mode ignore", async () => {
    const { processor, next, failed } = await started(failing(`throw new Error("oops");`), { error_mode: "ignore" });
    const batch = batchOf(3);
    const before = plainSpans(batch);
    await processor.consume(batch);
    expect(next.batches.map(plainSpans)).toEqual([before]);
    expect(await failed("ignore")).toBe(3);
  });

  it("drops the batch with error_mode drop, and counts it", async () => {
    const { processor, next, failed } = await started(failing(`throw new Error("oops");`), { error_mode: "drop" });
    await processor.consume(batchOf(3));
    expect(next.batches).toEqual([]);
    expect(await failed("drop")).toBe(3);
  });

  it("treats a rejected promise as a throw", async () => {
    const source = `export default ({ defineSpanProcessor }) => ({ processors: [defineSpanProcessor({
      type: "failing", description: "Fails.", create: () => async () => { throw new Error("later"); } })] });`;
    const { processor } = await started(source, {});
    await expect(processor.consume(batchOf(1))).rejects.toThrow("failing: plugin failed: later");
  });

  it.each(["refuse", "ignore", "drop"])("hands on errors of the stages behind, in mode %s", async (mode) => {
    const { processor, next, failed } = await started(failing(""), { error_mode: mode });
    const error = new PermanentError("not ours");
    next.failWith(error);
    await expect(processor.consume(batchOf(1))).rejects.toBe(error);
    expect(await failed(mode)).toBe(0);
  });

  it("does not pass a batch on twice when the plugin throws after it has passed it on", async () => {
    const source = `export default ({ z }) => ({ processors: [{
      type: "failing", description: "Fails late.", stability: "alpha", signals: ["traces"], configSchema: z.strictObject({}),
      create: (config, next) => ({
        start: async () => {}, shutdown: async () => {},
        consume: async (batch) => { await next.consume(batch); throw new Error("late"); },
      }) }] });`;
    const { processor, next } = await started(source, { error_mode: "ignore" });
    await expect(processor.consume(batchOf(1))).rejects.toThrow("failing: plugin failed: late");
    expect(next.batches.length).toBe(1);
  });

  it.each([
    ["export default 5;", /must export by default/],
    ["export const x = 1;", /must export by default/],
    [
      'export default { processors: [{ type: "Bad Name", description: "x" }] };',
      /processors\.0\.type: must be in snake_case/,
    ],
    ["export default { procesors: [] };", /procesors/],
    ["this is no JavaScript", /./],
  ])("says what is wrong with a module: %s", async (source, message) => {
    await expect(load(source)).rejects.toThrow(message);
  });

  it("refuses a type that is there already", async () => {
    await writeFile(join(directory, "plugin.mjs"), failing("").replace('"failing"', '"batch"'));
    const taken = { ...none, processors: [{ ...fakeComponents.processors[0]!, type: "batch" }] };
    await expect(withPlugin(taken, "./plugin.mjs", directory)).rejects.toThrow(
      'processor type "batch" is there already, must be another',
    );
  });

  it("names the place in the configuration of each plugin that cannot be loaded", async () => {
    const yaml = "yaml:service: { plugins: [./no-such.mjs, no-such-package] }";
    await expect(loadConfig([yaml], [], fakeComponents)).rejects.toThrow(
      /service\.plugins\[0\]: cannot load plugin "\.\/no-such\.mjs": .*\n.*service\.plugins\[1\]: cannot load plugin "no-such-package"/,
    );
  });
});
