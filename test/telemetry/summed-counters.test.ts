import { type DiagLogger, diag, type Meter, ValueType } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AggregationType, MeterProvider, MetricReader, type ViewOptions } from "@opentelemetry/sdk-metrics";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PrometheusText } from "../../telemetry/prometheus-text.ts";
import { withSummedCounters } from "../../telemetry/summed-counters.ts";

class TestReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** One meter of the SDK, wrapped or not, and what its endpoints would show. */
class Subject {
  readonly meter: Meter;
  readonly #readers = [new TestReader(), new TestReader()] as const;
  readonly #text = new PrometheusText({ without_units: false, without_type_suffix: false, without_scope_info: false });

  constructor(wrap: (meter: Meter) => Meter, views: ViewOptions[]) {
    const resource = resourceFromAttributes({ "service.name": "test" });
    this.meter = wrap(new MeterProvider({ resource, readers: [...this.#readers], views }).getMeter("test"));
  }

  async page(reader: 0 | 1 = 0): Promise<string> {
    const { resourceMetrics, errors } = await this.#readers[reader].collect();
    expect(errors).toEqual([]);
    return this.#text.render(resourceMetrics);
  }
}

const plain = (views: ViewOptions[] = []): Subject => new Subject((meter) => meter, views);
const summed = (views: ViewOptions[] = []): Subject => new Subject(withSummedCounters, views);

describe("withSummedCounters", () => {
  const warn = vi.fn<DiagLogger["warn"]>();
  const error = vi.fn<DiagLogger["error"]>();
  beforeEach(() => {
    diag.setLogger({ warn, error, info: () => {}, debug: () => {}, verbose: () => {} });
  });
  afterEach(() => {
    diag.disable();
    vi.resetAllMocks();
  });

  /** Does the same to a meter of the SDK and to a wrapped one; each step is followed by readings of both readers. */
  const compare = async (steps: readonly ((meter: Meter) => void)[], views: ViewOptions[] = []): Promise<string> => {
    const pagesOf = async (subject: Subject): Promise<string[]> => {
      const pages: string[] = [];
      for (const step of steps) {
        step(subject.meter);
        // The second reader is behind: it is asked at the end alone.
        pages.push(await subject.page());
      }
      return [...pages, await subject.page(1)];
    };
    // Advice on views names the kind of the instrument.
    const warnings = (): string =>
      JSON.stringify(warn.mock.calls.splice(0)).replaceAll("OBSERVABLE_COUNTER", "COUNTER");
    const expected = [...(await pagesOf(plain(views))), warnings()];
    const pages = await pagesOf(summed(views));
    expect([...pages, warnings()]).toEqual(expected);
    return pages.at(-1)!;
  };

  it("adds up counters of one name", async () => {
    const labels = { receiver: "otlp" };
    const page = await compare([
      (meter) => meter.createCounter("spans", { description: "Spans", unit: "By" }).add(1, labels),
      (meter) => {
        const counter = meter.createCounter("spans", { description: "Spans", unit: "By" });
        counter.add(2, labels);
        counter.add(4, { receiver: "otlp" });
        counter.add(8, { receiver: "zeroeval" });
      },
      () => {},
    ]);
    expect(page).toContain("# HELP otelcol_spans_bytes_total Spans\n# TYPE otelcol_spans_bytes_total counter\n");
    expect(page).toContain('{receiver="otlp",otel_scope_name="test"} 7\n');
  });

  it("keeps label sets apart by names, values and types, not by order", async () => {
    const page = await compare([
      (meter) => {
        const counter = meter.createCounter("c");
        const sets = [
          undefined,
          {},
          { a: "1", b: "2" },
          { b: "2", a: "1" },
          { a: "12", b: "" },
          { a: "1b1:2", c: "s0:" },
          { a: "" },
          { a: "null" },
          { a: 1 },
          { a: -0 },
          { a: true },
          { a: ["x", "y"] },
          { a: ["x,y"] },
          { a: undefined },
          { a: "1s1:b", b: "ü\ud800" },
        ];
        for (const [index, labels] of sets.entries()) counter.add(2 ** index, labels);
        for (const labels of sets) counter.add(0.5, labels);
      },
    ]);
    expect(page).toContain('{a="1",b="2",otel_scope_name="test"} 13\n');
    expect(page.match(/^otelcol_c_total\{/gm)).toHaveLength(13);
  });

  it("counts label sets beyond the SDK's limit together", async () => {
    const page = await compare([
      (meter) => {
        const counter = meter.createCounter("c");
        for (let model = 0; model < 2500; model++) counter.add(1, { model });
        counter.add(1, { model: 0 });
        counter.add(1, { model: 2499 });
      },
      () => {},
    ]);
    expect(page).toContain('otelcol_c_total{otel_metric_overflow="true",otel_scope_name="test"} 502\n');
    expect(page.match(/^otelcol_c_total\{/gm)).toHaveLength(2000);
  });

  it("reads the labels of one object once, however often it is passed", async () => {
    const read = vi.fn(() => "otlp");
    const labels = {
      get receiver() {
        return read();
      },
    };
    const subject = summed();
    subject.meter.createCounter("c").add(1, labels);
    const reads = read.mock.calls.length;
    for (let call = 0; call < 3; call++) subject.meter.createCounter("c").add(1, labels);
    expect(read).toHaveBeenCalledTimes(reads);
    expect(await subject.page()).toContain('otelcol_c_total{receiver="otlp",otel_scope_name="test"} 4\n');
  });

  it("holds to the limit from one reading to the next, where the SDK begins anew", async () => {
    const subject = summed();
    const counter = subject.meter.createCounter("c");
    for (let model = 0; model < 1999; model++) counter.add(1, { model });
    await subject.page();
    for (let model = 1000; model < 3000; model++) counter.add(1, { model });
    await subject.page();
    const page = await subject.page();
    expect(page).toContain('otelcol_c_total{model="1998",otel_scope_name="test"} 2\n');
    expect(page).toContain('otelcol_c_total{otel_metric_overflow="true",otel_scope_name="test"} 1001\n');
    expect(page.match(/^otelcol_c_total\{/gm)).toHaveLength(2000);
  });

  it("leaves out negative values and what is no number, with a warning, and takes zero and NaN", async () => {
    const page = await compare([
      (meter) => {
        const counter = meter.createCounter("c");
        counter.add(5);
        counter.add(-3);
        counter.add(-1, { only: "negative" });
        counter.add("7" as unknown as number);
        counter.add(0, { only: "zero" });
        counter.add(Number.NaN, { only: "NaN" });
        expect(warn).toHaveBeenCalledTimes(3);
      },
      () => {},
    ]);
    expect(page).toContain('{otel_scope_name="test"} 5\n');
    expect(page).not.toContain("negative");
  });

  it("shows nothing of a counter that has counted nothing", async () => {
    expect(await compare([(meter) => void meter.createCounter("idle")])).not.toContain("idle");
  });

  it("settles descriptions, units and value types that differ as the SDK does", async () => {
    const page = await compare([
      (meter) => {
        meter.createCounter("c", { description: "short" }).add(1);
        meter.createCounter("c", { description: "longer than short" }).add(2, { a: "x" });
        meter.createCounter("integers", { valueType: ValueType.INT }).add(1.75);
        meter.createCounter("integers", { valueType: ValueType.INT }).add(1.75);
      },
      (meter) => meter.createCounter("c", { description: "short" }).add(4),
      (meter) => meter.createCounter("c", { unit: "By" }).add(8),
    ]);
    expect(page).toContain("# HELP otelcol_c_total longer than short\n");
    expect(page).toContain('otelcol_c_total{otel_scope_name="test"} 5\n');
    expect(page).toContain('otelcol_c_bytes_total{otel_scope_name="test"} 8\n');
  });

  it("obeys views", async () => {
    const views: ViewOptions[] = [
      { instrumentName: "dropped", aggregation: { type: AggregationType.DROP } },
      { instrumentName: "old", name: "new" },
    ];
    const page = await compare(
      [
        (meter) => {
          for (const name of ["dropped", "old", "other"]) meter.createCounter(name).add(1, { name: "x" });
        },
        (meter) => meter.createCounter("old").add(1, { name: "x" }),
      ],
      views,
    );
    expect(page).toContain('otelcol_new_total{name="x",otel_scope_name="test"} 2\n');
    expect(page).not.toMatch(/dropped|old/);
  });

  it("passes all other instruments on", async () => {
    const page = await compare([
      (meter) => {
        meter.createGauge("gauge").record(1);
        meter.createHistogram("histogram", { unit: "s", advice: { explicitBucketBoundaries: [1, 2] } }).record(1.5);
        meter.createUpDownCounter("up_down").add(-2);
        meter.createObservableGauge("observable_gauge").addCallback((result) => result.observe(3));
        const observables = [
          meter.createObservableCounter("observable_counter"),
          meter.createObservableUpDownCounter("observable_up_down"),
        ];
        meter.addBatchObservableCallback((result) => {
          for (const observable of observables) result.observe(observable, 4);
        }, observables);
        const never = vi.fn();
        meter.addBatchObservableCallback(never, observables);
        meter.removeBatchObservableCallback(never, observables);
      },
    ]);
    expect(page.match(/^# TYPE/gm)).toHaveLength(7);
    expect(error).not.toHaveBeenCalled();
  });
});
