import { describe, expect, it } from "vitest";
import { z } from "zod";
import { compressionOf } from "../../../exporters/clickhouse/client.ts";
import { clickhouseConfigSchema, hasZstd } from "../../../exporters/clickhouse/config.ts";
import { blockBoundsOf, queueCapacityOf } from "../../../exporters/clickhouse/queue-config.ts";

const endpoint = "http://127.0.0.1:8123";
const parse = (keys: object) => clickhouseConfigSchema.parse({ endpoint, ...keys });
const problems = (keys: object): string[] =>
  clickhouseConfigSchema
    .safeParse({ endpoint, ...keys })
    .error!.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);

describe("configuration of the clickhouse exporter", () => {
  it("takes what a user of the Collector's exporter has", () => {
    const config = parse({
      endpoint: "tcp://127.0.0.1:9000?dial_timeout=10s",
      database: "otel",
      username: "default",
      async_insert: true,
      ttl: "72h",
      compress: "lz4",
      create_schema: true,
      logs_table_name: "otel_logs",
      metrics_tables: { gauge: { name: "gauges" } },
      timeout: "5s",
      retry_on_failure: { enabled: true, initial_interval: "5s", max_interval: "30s", max_elapsed_time: "300s" },
      sending_queue: { queue_size: 1000, num_consumers: 5, batch: { min_size: 10_000, flush_timeout: "5s" } },
    });
    expect(config.ttl).toBe(72 * 3_600_000);
    expect(config.metrics_tables.sum.name).toBe("otel_metrics_sum");
    expect(blockBoundsOf(config.insert, config.sending_queue)).toMatchObject({ maxRows: 10_000, maxAgeMs: 5_000 });
  });

  it("lets insert win over sending_queue.batch", () => {
    const { insert, sending_queue } = parse({ insert: { max_rows: 7 }, sending_queue: { batch: { min_size: 9 } } });
    expect(blockBoundsOf(insert, sending_queue)).toMatchObject({
      maxRows: 7,
      maxBytes: 32 * 1024 * 1024,
      maxAgeMs: 1_000,
    });
  });

  it("has room for the unit that sizer names", () => {
    expect(queueCapacityOf(parse({}).sending_queue)).toBe(10_000);
    expect(queueCapacityOf(parse({ sending_queue: { sizer: "items" } }).sending_queue)).toBe(1_000_000);
    expect(queueCapacityOf(parse({ sending_queue: { sizer: "bytes", max_queue_bytes: "8MiB" } }).sending_queue)).toBe(
      8 << 20,
    );
  });

  it("names every key it cannot do", () => {
    expect(problems({ json: true })).toEqual([
      "json: is not supported, attributes are stored in Map columns; remove it",
    ]);
    expect(problems({ sending_queue: { storage: "file_storage" } })).toEqual([
      "sending_queue.storage: is not supported, with service.acknowledge stored (the default) senders keep what is not stored yet; remove it",
    ]);
    expect(problems({ sending_queue: { batch: { sizer: "requests" } } })).toEqual([
      "sending_queue.batch.sizer: must be items or bytes",
    ]);
    expect(problems({ retry_on_failure: { max_elapsed_time: "1s" } })).toEqual([
      "retry_on_failure.max_elapsed_time: must be 0 or at least initial_interval and max_interval",
    ]);
    expect(problems({ circuit_breaker: { max_pause: "1s" } })).toEqual([
      "circuit_breaker.max_pause: must not be below circuit_breaker.initial_pause",
    ]);
    expect(problems({ table_engine: { name: "Log" } })).toEqual([
      "table_engine.name: must be MergeTree, ReplicatedMergeTree or SharedMergeTree",
    ]);
    expect(problems({ endpoint: "ch:9000" })).toEqual([
      "endpoint: must be http(s)://host:port, clickhouse://host:port or tcp://host:port, hosts separated by commas",
    ]);
  });

  it("describes every key with a sentence", () => {
    interface Described {
      readonly description?: string;
      readonly properties?: Readonly<Record<string, Described>>;
    }
    const check = (schema: Described): void => {
      for (const [key, value] of Object.entries(schema.properties ?? {})) {
        expect(value.description, key).toMatch(/\.$/);
        check(value);
      }
    };
    check(z.toJSONSchema(clickhouseConfigSchema, { unrepresentable: "any", io: "input" }) as Described);
  });

  it("compresses towards other machines, with the cheapest codec there is", () => {
    const cheapest = hasZstd ? { codec: "zstd", level: 1 } : { codec: "gzip", level: 1 };
    expect(compressionOf("http://127.0.0.1:8123", undefined)).toBe(false);
    expect(compressionOf("http://localhost:8123", undefined)).toBe(false);
    expect(compressionOf("http://ch:8123", undefined)).toEqual(cheapest);
    expect(compressionOf("http://127.0.0.1:8123", "lz4")).toEqual(cheapest);
    expect(compressionOf("http://ch:8123", "none")).toBe(false);
    expect(compressionOf("http://ch:8123", "gzip")).toEqual({ codec: "gzip", level: 1 });
  });
});
