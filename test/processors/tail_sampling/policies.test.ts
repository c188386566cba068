import { describe, expect, it } from "vitest";
import type { AttributeValue } from "../../../pipeline/span-batch/value.ts";
import { type PolicyInput, TailHarness, type TailSpan, traceIdOf } from "./support.ts";

/** Whether each of some traces, given by their spans, is kept. */
async function kept(
  policies: readonly PolicyInput[],
  traces: readonly (readonly TailSpan[])[],
  more: object = {},
  resource?: Record<string, AttributeValue>,
): Promise<boolean[]> {
  const harness = await TailHarness.of({ policies: [...policies], ...more });
  const spans = traces.flatMap((trace, index) => trace.map((span) => ({ traceId: traceIdOf(index + 1), ...span })));
  await harness.consume(spans, resource);
  await harness.pass(32);
  return traces.map((_, index) => harness.keptTraces.includes(traceIdOf(index + 1)));
}

const policy = (type: string, block?: object): PolicyInput =>
  ({ name: "p", type, ...(block === undefined ? {} : { [type]: block }) }) as PolicyInput;

const start = 1_700_000_000_000_000_000n;
const lasting = (ms: number, after = 0): TailSpan => ({
  startTimeUnixNano: start + BigInt(after) * 1_000_000n,
  endTimeUnixNano: start + BigInt(after + ms) * 1_000_000n,
});
const having = (attributes: Record<string, AttributeValue>): TailSpan => ({ attributes });

interface Row {
  readonly of: PolicyInput;
  readonly traces: readonly (readonly TailSpan[])[];
  readonly kept: readonly boolean[];
  readonly resource?: Record<string, AttributeValue>;
}

const rows: Readonly<Record<string, Row>> = {
  "always_sample keeps everything": { of: policy("always_sample"), traces: [[{}]], kept: [true] },
  "latency keeps what takes longer, over all spans": {
    of: policy("latency", { threshold_ms: 100 }),
    traces: [[lasting(100)], [lasting(101)], [lasting(50), lasting(50, 60)], [lasting(50), lasting(40, 60)]],
    kept: [false, true, true, false],
  },
  "latency with an upper bound keeps what is between": {
    of: policy("latency", { threshold_ms: 100, upper_threshold_ms: 200 }),
    traces: [[lasting(100)], [lasting(150)], [lasting(200)], [lasting(150), lasting(100, 110)]],
    kept: [false, true, true, false],
  },
  "numeric_attribute keeps a number within bounds, integer or not": {
    of: policy("numeric_attribute", { key: "n", min_value: 10, max_value: 20 }),
    traces: [
      [having({ n: 10 })],
      [having({ n: 20 })],
      [having({ n: 21 })],
      [having({ n: 10.5 })],
      [having({ n: "15" })],
    ],
    kept: [true, true, false, true, false],
  },
  "numeric_attribute takes 0 for no bound": {
    of: policy("numeric_attribute", { key: "n", min_value: 0, max_value: 20 }),
    traces: [[having({ n: -5 })], [having({ n: 21 })], [{}]],
    kept: [true, false, false],
  },
  "numeric_attribute inverted keeps what has no such number": {
    of: policy("numeric_attribute", { key: "n", min_value: 10, invert_match: true }),
    traces: [[having({ n: 11 }), {}], [having({ n: 9 })], [{}]],
    kept: [false, true, true],
  },
  "string_attribute compares whole values of spans": {
    of: policy("string_attribute", { key: "k", values: ["a", "é"] }),
    traces: [[{}, having({ k: "a" })], [having({ k: "é" })], [having({ k: "ab" })], [having({ k: 1 })]],
    kept: [true, true, false, false],
  },
  "string_attribute searches patterns anywhere": {
    of: policy("string_attribute", { key: "k", values: ["b+", "^x$"], enabled_regex_matching: true }),
    traces: [[having({ k: "abbc" })], [having({ k: "x" })], [having({ k: "xy" })]],
    kept: [true, true, false],
  },
  "string_attribute looks at resources, too": {
    of: policy("string_attribute", { key: "service.name", values: ["shop"] }),
    traces: [[{}]],
    kept: [true],
    resource: { "service.name": "shop" },
  },
  "string_attribute inverted keeps a trace of which nothing matches": {
    of: policy("string_attribute", { key: "k", values: ["a"], invert_match: true }),
    traces: [[having({ k: "a" }), having({ k: "b" })], [having({ k: "b" })], [{}]],
    kept: [false, true, true],
  },
  "boolean_attribute keeps the value it is given": {
    of: policy("boolean_attribute", { key: "b", value: true }),
    traces: [[having({ b: true })], [having({ b: false })], [{}]],
    kept: [true, false, false],
  },
  "boolean_attribute inverted keeps the other value and what lacks it": {
    of: policy("boolean_attribute", { key: "b", value: true, invert_match: true }),
    traces: [[having({ b: true })], [having({ b: false })], [{}]],
    kept: [false, true, true],
  },
  "status_code keeps a trace with such a span": {
    of: policy("status_code", { status_codes: ["ERROR", "UNSET"] }),
    traces: [[{ statusCode: 1 }, { statusCode: 2 }], [{ statusCode: 0 }], [{ statusCode: 1 }]],
    kept: [true, true, false],
  },
  "trace_state keeps a value of an entry": {
    of: policy("trace_state", { key: "vendor", values: ["a", "b"] }),
    traces: [[{ traceState: "x=1,vendor=b" }], [{ traceState: "vendor=c" }], [{ traceState: "=," }], [{}]],
    kept: [true, false, false, false],
  },
  "trace_flags keeps what is flagged as sampled": {
    of: policy("trace_flags"),
    traces: [[{ flags: 0x101 }], [{ flags: 0x100 }]],
    kept: [true, false],
  },
  "span_count keeps traces of a size": {
    of: policy("span_count", { min_spans: 2, max_spans: 3 }),
    traces: [[{}], [{}, {}], [{}, {}, {}], [{}, {}, {}, {}]],
    kept: [false, true, true, false],
  },
  "probabilistic keeps all at 100 %, none at 0": {
    of: policy("probabilistic", { sampling_percentage: 100 }),
    traces: [[{}], [{}]],
    kept: [true, true],
  },
  "ottl_condition keeps a trace with such a span": {
    of: policy("ottl_condition", {
      span: ['attributes["k"] == 1 and (status.code == STATUS_CODE_ERROR or not IsMatch(name, "^GET"))'],
    }),
    traces: [
      [{ ...having({ k: 1 }), name: "GET", statusCode: 2 }],
      [{ ...having({ k: 1 }), name: "POST" }],
      [{ ...having({ k: 1 }), name: "GET" }],
      [{ name: "POST" }],
    ],
    kept: [true, true, false, false],
  },
  "ottl_condition looks at events": {
    of: policy("ottl_condition", { spanevent: ['name == "exception"'] }),
    traces: [[{ events: ["x", "exception"] }], [{ events: ["x"] }], [{}]],
    kept: [true, false, false],
  },
  "cost keeps what its spans cost together": {
    of: policy("cost", { min_usd: 0.5, max_usd: 2 }),
    traces: [
      [{ derived: { Cost: 0.25 } }, { derived: { Cost: 0.25 } }],
      [{ derived: { Cost: 0.4 } }],
      [{ derived: { Cost: 3 } }],
      [{}],
    ],
    kept: [true, false, false, false],
  },
  "tokens sums total tokens, or input and output where there is no total": {
    of: policy("tokens", { min: 100 }),
    traces: [
      [{ derived: { TotalTokens: 60 } }, { derived: { InputTokens: 30, OutputTokens: 10 } }],
      [{ derived: { TotalTokens: 60, InputTokens: 50 } }],
      [{}],
    ],
    kept: [true, false, false],
  },
  "tokens of one kind": {
    of: policy("tokens", { kind: "output", min: 10, max: 20 }),
    traces: [[{ derived: { OutputTokens: 15, InputTokens: 900 } }], [{ derived: { OutputTokens: 21 } }]],
    kept: [true, false],
  },
  "error_type keeps types, or patterns of them": {
    of: policy("error_type", { values: ["^Rate"], enabled_regex_matching: true }),
    traces: [[{ derived: { ErrorType: "RateLimit" } }], [{ derived: { ErrorType: "Timeout" } }], [{}]],
    kept: [true, false, false],
  },
  "error_type without values keeps any error": {
    of: policy("error_type", {}),
    traces: [[{ derived: { ErrorType: "Timeout" } }], [{}]],
    kept: [true, false],
  },
  "signal keeps a name and a value": {
    of: policy("signal", { name: "ok", values: [false] }),
    traces: [
      [{ signal: { name: "ok", value: false, entity: "span" } }],
      [{ signal: { name: "ok", value: true, entity: "span" } }],
      [{ signal: { name: "other", value: false, entity: "span" } }],
      [{}],
    ],
    kept: [true, false, false, false],
  },
  "signal keeps numbers within bounds, of an entity": {
    of: policy("signal", { name: "score", min: 0.5, entity: "trace" }),
    traces: [
      [{ signal: { name: "score", value: 0.5, entity: "trace" } }],
      [{ signal: { name: "score", value: 0.9, entity: "span" } }],
      [{ signal: { name: "score", value: "high", entity: "trace" } }],
    ],
    kept: [true, false, false],
  },
  "and wants all": {
    of: {
      name: "p",
      type: "and",
      and: {
        and_sub_policy: [
          { type: "status_code", status_code: { status_codes: ["ERROR"] } },
          { type: "not", not: { not_sub_policy: { type: "span_count", span_count: { min_spans: 2 } } } },
        ],
      },
    },
    traces: [[{ statusCode: 2 }], [{ statusCode: 2 }, {}], [{}]],
    kept: [true, false, false],
  },
  "not wants the opposite": {
    of: {
      name: "p",
      type: "not",
      not: { not_sub_policy: { type: "status_code", status_code: { status_codes: ["ERROR"] } } },
    },
    traces: [[{ statusCode: 2 }], [{}]],
    kept: [false, true],
  },
  "session keeps whole sessions or none of them": {
    of: policy("session", { sampling_percentage: 100 }),
    traces: [[{ derived: { SessionId: "s" } }], [{}]],
    kept: [true, false],
  },
};

describe("policies of tail_sampling", () => {
  for (const [title, row] of Object.entries(rows)) {
    it(title, async () => {
      expect(await kept([row.of], row.traces, {}, row.resource)).toEqual(row.kept);
    });
  }

  it("drops what a drop policy matches, whatever others say", async () => {
    const drop: PolicyInput = {
      name: "health",
      type: "drop",
      drop: { drop_sub_policy: [{ type: "string_attribute", string_attribute: { key: "k", values: ["/healthz"] } }] },
    };
    const traces = [[having({ k: "/healthz" })], [having({ k: "/" })]];
    expect(await kept([policy("always_sample"), drop], traces)).toEqual([false, true]);
  });

  it("keeps what any policy keeps", async () => {
    const errors = policy("status_code", { status_codes: ["ERROR"] });
    const many = { ...policy("span_count", { min_spans: 2 }), name: "many" } as PolicyInput;
    expect(await kept([errors, many], [[{ statusCode: 2 }], [{}, {}], [{}]])).toEqual([true, true, false]);
  });

  it("limits spans per second with a burst", async () => {
    const limit = policy("rate_limiting", { spans_per_second: 1, burst_capacity: 3 });
    // One trace larger than the burst never passes and takes nothing from it.
    expect(await kept([limit], [[{}, {}, {}, {}], [{}, {}], [{}], [{}]])).toEqual([false, true, true, false]);
  });

  it("limits bytes per second", async () => {
    const large = having({ text: "x".repeat(4000) });
    const limit = policy("bytes_limiting", { bytes_per_second: 1, burst_capacity: 6000 });
    expect(await kept([limit], [[large], [large], [{}]])).toEqual([true, false, true]);
  });

  it("shares spans per second among the parts of a composite policy, the first match deciding", async () => {
    const composite: PolicyInput = {
      name: "p",
      type: "composite",
      composite: {
        max_total_spans_per_second: 4,
        policy_order: ["errors", "rest"],
        rate_allocation: [{ policy: "errors", percent: 50 }],
        composite_sub_policy: [
          { name: "rest", type: "always_sample" },
          { name: "errors", type: "status_code", status_code: { status_codes: ["ERROR"] } },
        ],
      },
    };
    const error = { statusCode: 2 };
    const traces = [[error], [error], [error], [{}], [{}, {}], [{}]];
    // errors: 50 % of 4; rest: an equal part, 4 / 2.
    expect(await kept([composite], traces)).toEqual([true, true, false, true, false, true]);
  });

  it("leaves the limits of later policies alone with sample_on_first_match", async () => {
    const first = { ...policy("status_code", { status_codes: ["ERROR"] }), name: "errors" } as PolicyInput;
    const limit = policy("rate_limiting", { spans_per_second: 1, burst_capacity: 1 });
    const traces = [[{ statusCode: 2 }], [{}]];
    expect(await kept([first, limit], traces)).toEqual([true, false]);
    expect(await kept([first, limit], traces, { sample_on_first_match: true })).toEqual([true, true]);
  });

  it("keeps the later traces of a session of which another policy has kept one", async () => {
    const harness = await TailHarness.of({
      policies: [
        policy("status_code", { status_codes: ["ERROR"] }),
        { name: "rest of the session", type: "session", session: { keep_after: true, max_sessions: 1 } },
      ],
    });
    const send = async (trace: number, session: string, statusCode = 0): Promise<void> => {
      await harness.consume([{ traceId: traceIdOf(trace), statusCode, derived: { SessionId: session } }]);
      await harness.pass(32);
    };
    await send(1, "a");
    await send(2, "a", 2);
    await send(3, "a");
    await send(4, "b", 2);
    await send(5, "a");
    expect(harness.keptTraces).toEqual([2, 3, 4].map(traceIdOf));
    expect(harness.next.batches[1]!.getDerived("SamplePolicy", 0)).toBe("rest of the session");
  });
});
