import { describe, expect, it } from "vitest";
import type { Caller } from "../../../extensions/api/auth/caller.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { type ZeroevalConfig, zeroevalConfigSchema } from "../../../receivers/zeroeval/config.ts";
import { ZeroevalInstruments } from "../../../receivers/zeroeval/instruments.ts";
import { Pipeline } from "../../../receivers/zeroeval/pipeline.ts";
import { SpanIntake, type SpanIntakePorts } from "../../../receivers/zeroeval/spans/span-intake.ts";
import { testSettings } from "../../support/doubles.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { limits, plainSpan, project, read } from "./support.ts";

const id = "0b1c2d3e-0000-4000-8000-000000000001";
const warning = `signal_limit_exceeded: further signals were left out, max_signals_per_span is ${limits.maxSignals}`;

/** `count` signals, from number `from` on. */
function many(count: number, from = 0): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`s${from + i}`, from + i]));
}

function namesOf({ signals }: SpanBatch): readonly (readonly [number, string])[] {
  return signals.map(({ row, name }) => [row, name] as const);
}

describe("signals of JSON spans", () => {
  it("are all taken up to the limit", () => {
    const { batch, problems, reader } = read({ ...plainSpan, signals: many(limits.maxSignals) });
    expect(problems).toEqual([]);
    expect(batch.signals).toHaveLength(limits.maxSignals);
    expect([batch.getDerived("Warnings", 0), reader.signals.leftOut]).toEqual([undefined, 0]);
  });

  it("beyond the limit are left out of their span alone, which stays and says so", () => {
    const full = { ...plainSpan, signals: { ...many(limits.maxSignals), ...many(5, 100) } };
    const { batch, problems, reader } = read(plainSpan, full, { ...plainSpan, signals: { last: true } });
    expect(problems).toEqual([]);
    const kept = Object.keys(many(limits.maxSignals)).map((name) => [1, name]);
    expect(namesOf(batch)).toEqual([...kept, [2, "last"]]);
    expect([0, 1, 2].map((row) => batch.getDerived("Warnings", row))).toEqual([undefined, [warning], undefined]);
    expect(reader.signals.leftOut).toBe(5);
  });

  it("beyond the limit are not looked at, so that none of them refuses the request", () => {
    const signals = { ...many(limits.maxSignals), list: [] };
    expect(read({ ...plainSpan, signals }).problems).toEqual([]);
    expect(read({ ...plainSpan, signals: { list: [], ...many(limits.maxSignals) } }).problems).toMatchObject([
      { loc: ["body", 0, "signals", "list"] },
    ]);
  });

  it("are named in problems by the beginning of a long name", () => {
    const { problems } = read({ ...plainSpan, signals: { ["n".repeat(10_000)]: 1 } });
    const msg = "its name must have 1 to 255 characters";
    expect(problems).toEqual([{ loc: ["body", 0, "signals", "n".repeat(100)], msg, type: "invalid_value" }]);
  });

  it("of a span that stands twice in a request are those of both, once and within the limit", () => {
    const span = { ...plainSpan, id };
    const both = read({ ...span, signals: { a: 1, b: 1 } }, { ...span, signals: { b: 2, c: 3 } });
    expect(both.batch.signals.map(({ row, name, value }) => [row, name, value])).toEqual([
      [1, "a", 1],
      [1, "b", 2],
      [1, "c", 3],
    ]);
    const half = limits.maxSignals / 2;
    const parts = [0, 1, 2, 3].map((part) => ({ ...span, signals: many(half, part * half) }));
    const { batch, problems, reader } = read(...parts);
    expect(problems).toEqual([]);
    expect(namesOf(batch)).toEqual(Object.keys(many(limits.maxSignals)).map((name) => [3, name]));
    expect(batch.getDerived("Warnings", 3)).toEqual([warning]);
    expect(reader.signals.leftOut).toBe(half);
  });

  it("that are a list are refused, however long and often it is sent", () => {
    const span = { ...plainSpan, id, signals: Array.from({ length: 2 * limits.maxSignals }, () => 1) };
    expect(read(span).problems).toMatchObject([{ msg: "must be an object" }]);
    expect(read({ ...plainSpan, id }, span).problems).toMatchObject([{ msg: "must be an object" }]);
  });
});

describe("intake of spans with too many signals", () => {
  function intakeOf(config: Partial<ZeroevalConfig>, meter = collectMetrics().meter, spans: SpanBatch[] = []) {
    const settings = testSettings({ id: "zeroeval", meter });
    const consume = (batch: SpanBatch): Promise<void> => {
      spans.push(batch);
      batch.processed();
      return Promise.resolve();
    };
    const ports = {
      config: zeroevalConfigSchema.parse(config),
      pipeline: new Pipeline("traces", { consume }, settings),
      entities: { writeTags: () => Promise.resolve(), writeSessionTags: () => Promise.resolve() },
      lookUp: { spans: () => Promise.resolve([]) },
      instruments: new ZeroevalInstruments(meter, settings.id),
    };
    return new SpanIntake(ports as unknown as SpanIntakePorts);
  }

  const caller = { projectId: project } as Caller;
  const bodyOf = (count: number): Buffer => Buffer.from(JSON.stringify([{ ...plainSpan, id, signals: many(count) }]));

  it("takes them, counts the signals that it left out, and says so in the answer", async () => {
    const metrics = collectMetrics();
    const reply = await intakeOf({ max_signals_per_span: 2 }, metrics.meter).post(bodyOf(5), caller);
    expect(JSON.parse(String(reply.body))).toMatchObject([
      {
        id,
        signals: { s0: { value: 0, type: "numerical" }, s1: { value: 1, type: "numerical" } },
        warnings: [
          {
            code: "signal_limit_exceeded",
            message: "further signals were left out, max_signals_per_span is 2",
          },
        ],
      },
    ]);
    expect(await metrics.value("receiver_zeroeval_left_out_signals", { receiver: "zeroeval" })).toBe(3);
  });

  it("keeps 1000 signals of a span unless told otherwise", async () => {
    const metrics = collectMetrics();
    const spans: SpanBatch[] = [];
    await intakeOf({}, metrics.meter, spans).post(bodyOf(1_001), caller);
    expect(spans[0]!.signals).toHaveLength(1_000);
    expect(await metrics.value("receiver_zeroeval_left_out_signals")).toBe(1);
  });
});
