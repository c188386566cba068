import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { PrometheusReaderConfig } from "../../telemetry/config.ts";
import { BatchInstruments, ProcessorInstruments } from "../../telemetry/instruments.ts";
import { startTelemetry, type Telemetry } from "../../telemetry/metrics.ts";
import { collectMetrics } from "../support/metrics.ts";

const silent = pino({ level: "silent" });
const readerOf = (overrides: Partial<PrometheusReaderConfig> = {}): PrometheusReaderConfig => ({
  host: "localhost",
  port: 0,
  without_units: true,
  without_type_suffix: true,
  without_scope_info: true,
  ...overrides,
});

describe("telemetry", () => {
  let telemetry: Telemetry | undefined;
  afterEach(() => telemetry?.shutdown());

  const start = async (
    level: "none" | "basic" | "normal" | "detailed",
    ...readers: PrometheusReaderConfig[]
  ): Promise<Telemetry> => {
    telemetry = await startTelemetry({ level, readers }, { "service.version": "1.2.3" }, silent);
    return telemetry;
  };
  const scrape = async (index = 0): Promise<string> =>
    (await fetch(`http://${telemetry!.prometheusAddresses[index]}/metrics`)).text();

  it("names series as the Collector's default reader does", async () => {
    const { meter } = await start("normal", readerOf());
    new ProcessorInstruments(meter, "batch").incoming("traces", 5);
    meter.createCounter("odd_total").add(1);
    const page = await scrape();
    expect(page).toContain('\notelcol_processor_incoming_items{processor="batch",otel_signal="traces"} 5\n');
    expect(page).toContain("# TYPE otelcol_processor_incoming_items counter\n");
    expect(page).toMatch(/^otelcol_process_uptime [\d.]+$/m);
    expect(page).toMatch(/^otelcol_process_memory_rss \d+$/m);
    expect(page).toMatch(/^otelcol_odd_total 1$/m);
    expect(page).toMatch(
      /^target_info\{service_name="signalbox",service_instance_id="[\da-f-]{36}",service_version="1.2.3"\} 1$/m,
    );
  });

  it("adds units, type suffixes and the scope when asked", async () => {
    const full = readerOf({ without_units: false, without_type_suffix: false, without_scope_info: false });
    const { meter } = await start("normal", readerOf(), full);
    meter.createCounter("receiver_accepted_spans").add(2, { receiver: "otlp" });
    meter.createCounter("read", { unit: "By" }).add(1);
    const page = await scrape(1);
    expect(page).toContain('\notelcol_receiver_accepted_spans_total{receiver="otlp",otel_scope_name="signalbox"} 2\n');
    expect(page).toMatch(/^otelcol_process_uptime_seconds_total\{/m);
    expect(page).toMatch(/^otelcol_process_cpu_seconds_total\{/m);
    expect(page).toMatch(/^otelcol_process_memory_rss_bytes\{/m);
    expect(page).toMatch(/^otelcol_read_bytes_total\{/m);
    expect(await scrape(0)).toContain('\notelcol_receiver_accepted_spans{receiver="otlp"} 2\n');
  });

  it("does not read labels again that it knows", async () => {
    const { meter } = await start("normal", readerOf());
    const read = vi.fn(() => "otlp");
    const labels = {
      get receiver() {
        return read();
      },
    };
    const counter = meter.createCounter("receiver_accepted_spans");
    counter.add(1, labels);
    read.mockClear();
    counter.add(1, labels);
    expect(read).not.toHaveBeenCalled();
    expect(await scrape()).toContain('\notelcol_receiver_accepted_spans{receiver="otlp"} 2\n');
  });

  it("shows costly histograms at the level detailed alone", async () => {
    const record = ({ meter }: Telemetry): void =>
      new BatchInstruments(meter, "batch", () => ({ cardinality: 1, pendingBytes: 0 })).sent("size", 10, 1_000);
    record(await start("normal", readerOf()));
    expect(await scrape()).not.toContain("batch_send_size_bytes");
    await telemetry!.shutdown();
    record(await start("detailed", readerOf()));
    expect(await scrape()).toContain('otelcol_processor_batch_batch_send_size_bytes_sum{processor="batch"} 1000\n');
  });

  it("measures nothing and listens nowhere at the level none", async () => {
    expect((await start("none", readerOf())).prometheusAddresses).toEqual([]);
  });

  it("serves no other path and closes with idle connections open", async () => {
    const { prometheusAddresses } = await start("normal", readerOf());
    expect((await fetch(`http://${prometheusAddresses[0]}/`)).status).toBe(404);
    await telemetry!.shutdown();
    await expect(fetch(`http://${prometheusAddresses[0]}/metrics`)).rejects.toThrow();
    await expect(telemetry!.shutdown()).resolves.toBeUndefined();
  });

  it("says that its port is in use, and gives up the ports it took", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as AddressInfo;
    try {
      await expect(start("normal", readerOf(), readerOf({ port }))).rejects.toThrow(
        `service.telemetry.metrics: cannot listen on localhost:${port}: address already in use`,
      );
    } finally {
      other.close();
    }
  });
});

describe("collectMetrics", () => {
  it("reads counters, histograms and gauges back", async () => {
    const metrics = collectMetrics();
    const counter = metrics.meter.createCounter("c");
    counter.add(1, { a: "x" });
    counter.add(2, { a: "y" });
    metrics.meter.createHistogram("h").record(7);
    expect(await metrics.value("c")).toBe(3);
    expect(await metrics.value("c", { a: "y" })).toBe(2);
    expect(await metrics.value("unknown")).toBeUndefined();
    expect([await metrics.value("h"), await metrics.count("h")]).toEqual([7, 1]);
  });
});
