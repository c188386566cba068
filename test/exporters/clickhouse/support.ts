import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type ClickHouseConfig, clickhouseConfigSchema } from "../../../exporters/clickhouse/config.ts";

/** A folder that is gone when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The configuration of an exporter that is quick: short waits, and dead letters in a folder of the test's own. */
export async function quickConfig(endpoint: string, overrides: object = {}): Promise<ClickHouseConfig> {
  return clickhouseConfigSchema.parse({
    endpoint,
    insert: { max_age: "20ms", linger: "5ms" },
    retry_on_failure: { initial_interval: "5ms", max_interval: "20ms", max_elapsed_time: "10s" },
    circuit_breaker: { initial_pause: "20ms", max_pause: "100ms" },
    dead_letter: { directory: await temporaryFolder() },
    ...overrides,
  });
}
