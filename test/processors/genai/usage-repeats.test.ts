import { describe, expect, it } from "vitest";
import { batchOfSpans, type SpanSketch } from "../../support/batches.ts";
import { columnsOf, mapperOf, mapSpans, sample } from "./support.ts";

const traceId = "0123456789abcdef0123456789abcdef";

/** A span of the trace; ids are single digits. */
function span(id: number, parent: number, attributes: Record<string, string | number> = {}): SpanSketch {
  const hex = (digit: number): string => digit.toString(16).padStart(16, "0");
  return { traceId, spanId: hex(id), parentSpanId: hex(parent), attributes };
}

const used = (id: number, parent: number, tokens: number, operation = "chat"): SpanSketch =>
  span(id, parent, { "gen_ai.operation.name": operation, "gen_ai.usage.input_tokens": tokens });

/** The input tokens of each span, after batches that came one after the other. */
function tokensOf(
  batches: readonly (readonly SpanSketch[])[],
  mapper = mapperOf({}, [sample]),
): (unknown | undefined)[][] {
  return batches.map((sketches) => mapSpans(sketches, { mapper }).map((columns) => columns.InputTokens));
}

/** A call that started so many nanoseconds after the others, and its answer's id. */
const answered = (id: number, parent: number, after: number, response = "msg_1"): SpanSketch => ({
  ...span(id, parent, { "gen_ai.usage.input_tokens": 10, "gen_ai.response.id": response }),
  startTimeUnixNano: 1_700_000_000_000_000_000n + BigInt(after),
});

/** The input tokens of spans in a batch; `scopes` says the number of each span's scope. */
function tokensInScopes(sketches: readonly SpanSketch[], scopes: readonly number[]): unknown[] {
  const batch = batchOfSpans(sketches);
  while (batch.scopes.length < 3) batch.scopes.push(batch.scopes[0]!);
  for (const [row, scope] of scopes.entries()) batch.scopeIndex[row] = scope;
  mapperOf({}, [sample]).map(batch);
  return columnsOf(batch).map((columns) => columns.InputTokens);
}

describe("a call that two instrumentations report side by side", () => {
  it("counts once, on the span that started last", () => {
    expect(tokensInScopes([answered(2, 1, 0), answered(3, 1, 5)], [0, 1])).toEqual([undefined, 10]);
    expect(tokensInScopes([answered(3, 1, 5), answered(2, 1, 0)], [0, 1])).toEqual([10, undefined]);
    expect(tokensInScopes([answered(2, 1, 0), answered(3, 1, 5), answered(4, 1, 9)], [0, 1, 2])).toEqual([
      undefined,
      undefined,
      10,
    ]);
  });

  it("is no other call: of one instrumentation, with another answer or parent, or in another trace", () => {
    expect(tokensInScopes([answered(2, 1, 0), answered(3, 1, 5)], [0, 0])).toEqual([10, 10]);
    expect(tokensInScopes([answered(2, 1, 0), answered(3, 1, 5, "msg_2")], [0, 1])).toEqual([10, 10]);
    expect(tokensInScopes([answered(2, 1, 0), answered(3, 4, 5)], [0, 1])).toEqual([10, 10]);
    expect(tokensInScopes([answered(2, 0, 0), answered(3, 0, 5)], [0, 1])).toEqual([10, 10]);
    const elsewhere = { ...answered(3, 1, 5), traceId: "f".repeat(32) };
    expect(tokensInScopes([answered(2, 1, 0), elsewhere], [0, 1])).toEqual([10, 10]);
  });
});

describe("repeated usage", () => {
  it("is counted on the innermost span, in whatever order the spans of a batch stand", () => {
    const agent = used(1, 0, 30, "invoke_agent");
    const [first, second] = [used(2, 1, 10), used(3, 1, 20)];
    expect(tokensOf([[agent, first, second]])).toEqual([[undefined, 10, 20]]);
    expect(tokensOf([[first, agent, second]])).toEqual([[10, undefined, 20]]);
    expect(tokensOf([[second, first, agent]])).toEqual([[20, 10, undefined]]);
  });

  it("is found through spans without usage, AI or not", () => {
    expect(tokensOf([[used(1, 0, 10, "invoke_agent"), span(2, 1), used(3, 2, 10)]])).toEqual([
      [undefined, undefined, 10],
    ]);
  });

  it("is counted on the descendants when the ancestor comes in a later batch", () => {
    expect(tokensOf([[used(3, 2, 10)], [span(2, 1)], [used(1, 0, 10, "invoke_agent")]])).toEqual([
      [10],
      [undefined],
      [undefined],
    ]);
  });

  it("stays on the ancestor when the descendant comes in a later batch", () => {
    expect(tokensOf([[used(1, 0, 10, "invoke_agent")], [span(2, 1)], [used(3, 2, 10)]])).toEqual([
      [10],
      [undefined],
      [undefined],
    ]);
  });

  it("is judged the same when a span is sent again", () => {
    const [agent, chat] = [used(1, 0, 10, "invoke_agent"), used(2, 1, 10)];
    expect(tokensOf([[chat], [agent], [chat, agent]])).toEqual([[10], [undefined], [10, undefined]]);
    expect(tokensOf([[agent], [chat], [chat, agent]])).toEqual([[10], [undefined], [undefined, 10]]);
  });

  it("stays where it was counted first, even if what comes between shows later that it repeats", () => {
    const agent = used(1, 0, 10, "invoke_agent");
    expect(tokensOf([[agent], [used(3, 2, 10)], [span(2, 1)], [agent]])).toEqual([[10], [10], [undefined], [10]]);
  });

  it("ends at calls of tools: an agent that is called as a tool has usage of its own", () => {
    const tool = span(2, 1, { "gen_ai.operation.name": "execute_tool" });
    const spans = [used(1, 0, 5, "invoke_agent"), tool, used(3, 2, 7, "invoke_agent"), used(4, 3, 7)];
    expect(tokensOf([spans])).toEqual([[5, undefined, undefined, 7]]);
    expect(tokensOf(spans.map((sketch) => [sketch]).reverse())).toEqual([[7], [undefined], [undefined], [5]]);
    expect(tokensOf(spans.map((sketch) => [sketch]))).toEqual([[5], [undefined], [7], [undefined]]);
  });

  it("stays where it is on a root whose children say nothing", () => {
    expect(tokensOf([[used(1, 0, 10), span(2, 1)]])).toEqual([[10, undefined]]);
  });

  it("is looked for within a batch only when no spans are remembered", () => {
    const mapper = mapperOf({ repeated_usage: { remember_spans: 0 } }, [sample]);
    const [agent, chat] = [used(1, 0, 10, "invoke_agent"), used(2, 1, 10)];
    expect(tokensOf([[chat, agent], [agent]], mapper)).toEqual([[10, undefined], [10]]);
  });

  it("does not end in a circle of parents", () => {
    expect(tokensOf([[used(1, 2, 10), used(2, 1, 10)], [used(3, 3, 10)]])[1]).toEqual([10]);
  });

  it("is not confused by other traces with the same span ids", () => {
    const other = { ...used(1, 0, 10, "invoke_agent"), traceId: "f".repeat(32) };
    expect(tokensOf([[used(2, 1, 10), other]])).toEqual([[10, 10]]);
  });
});
