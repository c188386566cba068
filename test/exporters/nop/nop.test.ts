import { describe, expect, it } from "vitest";
import { nopExporterConfigSchema } from "../../../exporters/nop/config.ts";
import { nopExporterFactory } from "../../../exporters/nop/factory.ts";
import { batchOf } from "../../support/batches.ts";
import { testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";
import { collectMetrics } from "../../support/metrics.ts";

describe("nop exporter", () => {
  itLivesAsAComponent(() => nopExporterFactory.create(nopExporterConfigSchema.parse({}), testSettings()));

  it("counts what it takes as sent", async () => {
    const metrics = collectMetrics();
    const settings = testSettings({ id: "nop", meter: metrics.meter });
    await nopExporterFactory.create({}, settings).consume(batchOf(3));
    expect(await metrics.value("exporter_sent_spans", { exporter: "nop" })).toBe(3);
  });
});
