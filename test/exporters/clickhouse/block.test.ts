import { describe, expect, it } from "vitest";
import { BlockBuilder } from "../../../exporters/clickhouse/block.ts";
import { readNativeRows } from "../../../exporters/clickhouse/native-reader.ts";
import { signalColumns } from "../../../exporters/clickhouse/side/columns.ts";
import { SideRows, sideTarget } from "../../../exporters/clickhouse/side/side-target.ts";
import type { InsertBlock } from "../../../exporters/clickhouse/table.ts";
import { decodeTracesProtobuf } from "../../../otlp/decode-protobuf.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { batchOfSpans } from "../../support/batches.ts";
import { randomBatch } from "../../support/generate.ts";
import { RequestMaker } from "../../support/otlp-requests.ts";
import { encodeWithProtobufjs } from "../../support/otlp-schema.ts";

function rowsOf(block: InsertBlock): Record<string, unknown>[] {
  return [...readNativeRows(block.chunks)];
}

function blockOf(...batches: SpanBatch[]): InsertBlock {
  const builder = new BlockBuilder();
  for (const batch of batches) builder.append(batch);
  return builder.finish();
}

describe("Native block of spans", () => {
  it("writes names and keys of every length, each once however many batches have it", () => {
    const lengths = [0, 1, 127, 128, 129, 16_383, 16_384, 16_385];
    const names = lengths.map((length) => "n".repeat(length));
    const batch = (): SpanBatch =>
      batchOfSpans(names.map((name) => ({ name, attributes: { [`k${name}`]: String(name.length) } })));
    const rows = rowsOf(blockOf(batch(), batch()));
    expect(rows.map((row) => row["SpanName"])).toEqual([...names, ...names]);
    expect(rows.map((row) => row["SpanAttributes"])).toEqual(
      [...names, ...names].map((name) => ({ [`k${name}`]: String(name.length) })),
    );
  });

  it("writes names, ids, times, enums and attributes as the widely used schema has them", () => {
    const [row] = rowsOf(
      blockOf(
        batchOfSpans(
          [
            {
              traceId: "0af7651916cd43dd8448eb211c80319c",
              spanId: "00f067aa0ba902b7",
              parentSpanId: "b7ad6b7169203331",
              name: "chat",
              kind: 3,
              startTimeUnixNano: 1_700_000_000_123_456_789n,
              endTimeUnixNano: 1_700_000_002_123_456_789n,
              statusCode: 2,
              statusMessage: "no",
              attributes: { s: "x", i: -5, b: true, d: 0.5, big: 2n ** 62n, a: ["x", 1, null], n: null },
            },
          ],
          { "service.name": "shop" },
        ),
      ),
    );
    expect(row).toMatchObject({
      TraceId: "0af7651916cd43dd8448eb211c80319c",
      SpanId: "00f067aa0ba902b7",
      ParentSpanId: "b7ad6b7169203331",
      SpanName: "chat",
      SpanKind: "Client",
      StatusCode: "Error",
      StatusMessage: "no",
      ServiceName: "shop",
      SpanAttributeTypes: "sibdian",
      SpanAttributes: {
        s: "x",
        i: "-5",
        b: "true",
        d: "0.5",
        big: "4611686018427387904",
        a: '["x",1,null]',
        n: "",
      },
    });
    expect(String(row?.["Duration"])).toBe("2000000000");
  });

  it("has duration 0 and a warning where the end stands before the start", () => {
    const [row] = rowsOf(blockOf(batchOfSpans([{ startTimeUnixNano: 10n, endTimeUnixNano: 4n }, {}])));
    expect(String(row?.["Duration"])).toBe("0");
    expect(row?.["Warnings"]).toEqual(["end before start by 6 ns"]);
  });

  it("says that a span is open whose end is 0, which is not a warning", () => {
    const [row] = rowsOf(blockOf(batchOfSpans([{ startTimeUnixNano: 10n, endTimeUnixNano: 0n }])));
    expect(row).toMatchObject({ EndState: "open" });
    expect(row?.["Warnings"] ?? []).toEqual([]);
  });

  it("writes ids with their second halves where they have any, in the table of spans and beside it", () => {
    const spans = [
      { spanId: "00f067aa0ba902b7", parentSpanId: "b7ad6b7169203331" },
      { spanId: "0000000000000000" },
      { spanId: "00f067aa0ba902b8" },
    ];
    const batch = batchOfSpans(spans);
    const tail = Buffer.from("ff00fe01c0afa0b1", "hex");
    batch.deriveColumn("SpanIdTail").setRange(0, batch.arena.append(tail), 8);
    batch.deriveColumn("SpanIdTail").setRange(1, batch.arena.append(tail), 8);
    batch.deriveColumn("ParentSpanIdTail").setRange(0, batch.arena.append(tail.toReversed()), 8);
    batch.signals.push(
      { row: 0, entity: "span", name: "s", value: 1, source: "sdk" },
      { row: 2, entity: "span", name: "s", value: 1, source: "sdk" },
    );
    const rows = rowsOf(blockOf(batch, batchOfSpans([{ spanId: "00f067aa0ba902b9" }])));
    expect(rows.map((row) => [row["SpanId"], row["ParentSpanId"]])).toEqual([
      ["00f067aa0ba902b7ff00fe01c0afa0b1", "b7ad6b7169203331b1a0afc001fe00ff"],
      ["0000000000000000ff00fe01c0afa0b1", ""],
      ["00f067aa0ba902b8", ""],
      ["00f067aa0ba902b9", ""],
    ]);
    const side = sideTarget("signals", signalColumns).createBuilder();
    side.append(new SideRows(batch, batch.signals, () => 1));
    expect(rowsOf(side.finish()).map((row) => [row["SpanId"], row["EntityId"]])).toEqual([
      ["00f067aa0ba902b7ff00fe01c0afa0b1", "00f067aa0ba902b7ff00fe01c0afa0b1"],
      ["00f067aa0ba902b8", "00f067aa0ba902b8"],
    ]);
  });

  it("writes derived columns, and defaults for the rows before the first one that has them", () => {
    const batch = batchOfSpans([{}, {}, {}]);
    batch.setDerived("Cost", 1, 0.25);
    batch.setDerived("InputTokens", 2, 7);
    batch.setDerived("Tags", 2, new Map([["k", "v"]]));
    batch.setDerived("FinishReasons", 1, ["stop"]);
    batch.setDerived("SampleWeight", 0, 4);
    const rows = rowsOf(blockOf(batchOfSpans([{}]), batch, batchOfSpans([{}])));
    expect(rows.map((row) => row["Cost"])).toEqual([null, null, 0.25, null, null]);
    expect(rows.map((row) => row["InputTokens"] && Number(row["InputTokens"]))).toEqual([null, null, null, 7, null]);
    expect(rows.map((row) => row["Tags"])).toEqual([{}, {}, {}, { k: "v" }, {}]);
    expect(rows.map((row) => row["FinishReasons"])).toEqual([[], [], ["stop"], [], []]);
    expect(rows.map((row) => row["SampleWeight"])).toEqual([1, 4, 1, 1, 1]);
  });

  it("leaves dropped spans out and takes the rows asked for", () => {
    const batch = batchOfSpans([{ name: "a" }, { name: "b" }, { name: "c" }]);
    batch.drop(1);
    expect(rowsOf(blockOf(batch)).map((row) => row["SpanName"])).toEqual(["a", "c"]);
    const builder = new BlockBuilder();
    builder.append(batch, Uint32Array.of(2));
    expect(rowsOf(builder.finish()).map((row) => row["SpanName"])).toEqual(["c"]);
  });

  it("writes each row as it would alone, whatever stands before it in the block", () => {
    const batches = Array.from({ length: 30 }, (_, seed) => randomBatch(seed));
    for (let seed = 0; seed < 30; seed++) {
      batches.push(decodeTracesProtobuf(encodeWithProtobufjs(new RequestMaker(seed).request()).slice()).batch);
    }
    const alone = batches.flatMap((batch) => rowsOf(blockOf(batch.clone())));
    const together = rowsOf(blockOf(...batches));
    expect(together.length).toBe(alone.length);
    for (const [i, row] of together.entries()) expect(row).toMatchObject(alone[i]!);
  });

  it("counts its bytes", () => {
    const block = blockOf(batchOfSpans([{}, {}]));
    expect(block.bytes).toBe(Buffer.concat([...block.chunks]).length);
  });
});

describe("memory of blocks", () => {
  // 16,384 rows make the ends of an array exactly as long as a piece, and several columns share them.
  it("is used again without two columns ever having the same piece", () => {
    const batch = batchOfSpans(Array.from({ length: 4096 }, (_, i) => ({ name: `span ${i % 7}`, attributes: { i } })));
    const builder = new BlockBuilder();
    for (let round = 0; round < 4; round++) {
      for (let part = 0; part < 4; part++) builder.append(batch);
      const block = builder.finish();
      let row = 0;
      for (const { SpanName, SpanAttributes, SpanId } of readNativeRows(block.chunks)) {
        const i = row++ % 4096;
        const id = Buffer.from(batch.spanId.subarray(8 * i, 8 * i + 8)).toString("hex");
        if (SpanName === `span ${i % 7}` && (SpanAttributes as { i: string }).i === `${i}` && SpanId === id) continue;
        expect.fail(`round ${round}, row ${row}: ${SpanName} ${SpanId} ${JSON.stringify(SpanAttributes)}`);
      }
      expect(row).toBe(16_384);
      block.recycle();
    }
  });

  it("is not given back twice", () => {
    const first = blockOf(batchOfSpans([{ name: "first" }]));
    first.recycle();
    first.recycle();
    const [second, third] = [blockOf(batchOfSpans([{ name: "second" }])), blockOf(batchOfSpans([{ name: "third" }]))];
    expect(rowsOf(second!).map((row) => row["SpanName"])).toEqual(["second"]);
    expect(rowsOf(third!).map((row) => row["SpanName"])).toEqual(["third"]);
  });
});
