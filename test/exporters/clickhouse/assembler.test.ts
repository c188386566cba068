import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BlockAssembler, type ClosedBlock } from "../../../exporters/clickhouse/assembler.ts";
import { readNativeRows } from "../../../exporters/clickhouse/native-reader.ts";
import type { BlockBounds } from "../../../exporters/clickhouse/queue-config.ts";
import { spansTarget } from "../../../exporters/clickhouse/spans.ts";
import { batchOf, batchOfSpans } from "../../support/batches.ts";

const dayNanos = 86_400_000_000_000n;
const noon = 1_699_963_200_000_000_000n;

/** Spans `days[i]` days before some noon. */
const batchOfDays = (days: readonly number[]) =>
  batchOfSpans(days.map((day) => ({ startTimeUnixNano: noon - BigInt(day) * dayNanos })));

const daysIn = ({ block }: ClosedBlock): Set<string> =>
  new Set([...readNativeRows(block.chunks)].map((row) => String(row["Timestamp"]).slice(0, 10)));

describe("block assembler", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function create(bounds: Partial<BlockBounds> = {}) {
    const blocks: ClosedBlock[] = [];
    const held = { requests: 0, items: 0, bytes: 0 };
    const state = { canSend: true, isIdle: false };
    const assembler = new BlockAssembler(
      spansTarget("spans"),
      {
        maxRows: 1_000,
        maxBytes: 1 << 24,
        maxAgeMs: 1_000,
        lingerMs: 50,
        commitDelayMs: 5,
        minIntervalMs: 40,
        maxPartitions: 48,
        maxOpenBlocks: 4,
        ...bounds,
      },
      {
        emit: (block) => void blocks.push(block),
        canSend: () => state.canSend,
        isIdle: () => state.isIdle,
        grew: ({ requests, items, bytes }) => {
          held.requests += requests;
          held.items += items;
          held.bytes += bytes;
        },
      },
    );
    return { assembler, blocks, held, state, rows: () => blocks.map(({ block }) => block.rows) };
  }

  it("completes a block at max_rows, and before a batch that would exceed it", () => {
    const { assembler, rows } = create({ maxRows: 5 });
    for (const spans of [2, 3, 4, 2]) assembler.add(batchOf(spans));
    expect(rows()).toEqual([5, 4]);
  });

  it("splits a batch larger than a block", () => {
    const { assembler, rows, blocks, held } = create({ maxRows: 5 });
    expect(assembler.add(batchOf(12))).toHaveLength(3);
    assembler.closeAll();
    expect(rows()).toEqual([5, 5, 2]);
    expect(blocks.map(({ requests }) => requests)).toEqual([1, 0, 0]);
    expect(held).toMatchObject({ requests: 1, items: 12 });
  });

  it("completes a block at max_bytes, and splits a batch by its average span", () => {
    const wide = batchOfSpans(Array.from({ length: 8 }, () => ({ attributes: { text: "x".repeat(10_000) } })));
    const { assembler, rows } = create({ maxBytes: 22_000 });
    assembler.add(wide);
    assembler.closeAll();
    expect(rows()).toEqual([2, 2, 2, 2]);
  });

  it("counts the bytes of what it handed on", () => {
    const { assembler, blocks, held } = create();
    assembler.add(batchOf(10));
    assembler.closeAll();
    expect(held.bytes).toBe(blocks[0]!.block.bytes);
  });

  it("sends the first block after linger, and the next not before max_age", async () => {
    const { assembler, rows } = create();
    assembler.add(batchOf(1));
    await vi.advanceTimersByTimeAsync(51);
    expect(rows()).toEqual([1]);
    assembler.add(batchOf(1));
    await vi.advanceTimersByTimeAsync(900);
    assembler.add(batchOf(1));
    expect(rows()).toEqual([1]);
    await vi.advanceTimersByTimeAsync(102);
    expect(rows()).toEqual([1, 2]);
  });

  it("sends a block that senders wait for as soon as no more rows come, but not sooner than min_interval after the last", async () => {
    const { assembler, rows } = create();
    for (let i = 0; i < 10; i++) {
      assembler.add(batchOf(1), true);
      await vi.advanceTimersByTimeAsync(4);
    }
    expect(rows()).toEqual([]);
    await vi.advanceTimersByTimeAsync(3);
    expect(rows()).toEqual([10]);
    assembler.add(batchOf(1), true);
    await vi.advanceTimersByTimeAsync(35);
    expect(rows()).toEqual([10]);
    await vi.advanceTimersByTimeAsync(10);
    expect(rows()).toEqual([10, 1]);
  });

  it("sends such a block a moment after its first row while no other is on its way, and then as soon as none is", async () => {
    const { assembler, rows, state } = create();
    const sendForMs = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed++) {
        assembler.add(batchOf(1), true);
        await vi.advanceTimersByTimeAsync(1);
      }
    };
    state.isIdle = true;
    await sendForMs(7);
    expect(rows()).toHaveLength(1);
    state.isIdle = false;
    await sendForMs(100);
    expect(rows()).toHaveLength(1);
    state.isIdle = true;
    assembler.closeDue();
    expect(rows()).toHaveLength(2);
    expect(rows()[0]! + rows()[1]!).toBe(107);
  });

  it("waits longer for more rows the more it has, and never past max_age", async () => {
    const { assembler, rows } = create({ maxRows: 100_000, maxAgeMs: 100 });
    assembler.add(batchOf(10_000), true);
    await vi.advanceTimersByTimeAsync(22);
    expect(rows()).toEqual([]);
    await vi.advanceTimersByTimeAsync(5);
    expect(rows()).toEqual([10_000]);
    for (let i = 0; i < 24; i++) {
      assembler.add(batchOf(1), true);
      await vi.advanceTimersByTimeAsync(4);
    }
    expect(rows()).toEqual([10_000]);
    await vi.advanceTimersByTimeAsync(6);
    expect(rows()).toEqual([10_000, 24]);
  });

  it("lets a block grow past max_age while nothing can be sent, and sends it as soon as it can", async () => {
    const { assembler, rows, state } = create();
    state.canSend = false;
    assembler.add(batchOf(1));
    await vi.advanceTimersByTimeAsync(5_000);
    assembler.add(batchOf(1));
    expect(rows()).toEqual([]);
    state.canSend = true;
    assembler.closeDue();
    expect(rows()).toEqual([2]);
  });

  it("says when its first block is due, so that the one that waited longest can go first", async () => {
    const [one, other] = [create(), create()];
    expect(one.assembler.nextDueMs).toBe(Number.POSITIVE_INFINITY);
    one.assembler.add(batchOf(1));
    await vi.advanceTimersByTimeAsync(10);
    other.assembler.add(batchOf(1));
    expect(other.assembler.nextDueMs - one.assembler.nextDueMs).toBeCloseTo(10);
  });

  it("keeps rows of a few days in one block", () => {
    const { assembler, rows } = create();
    assembler.add(batchOfDays([0, 1, 0, 2]));
    assembler.add(batchOfDays([3]));
    assembler.closeAll();
    expect(rows()).toEqual([5]);
  });

  it("never puts more days into a block than max_partitions, and loses no row", () => {
    const { assembler, blocks, rows } = create({ maxPartitions: 10 });
    assembler.add(batchOf(3));
    for (let i = 0; i < 5; i++) assembler.add(batchOfDays(Array.from({ length: 30 }, (_, j) => (i * 7 + j) % 60)));
    assembler.closeAll();
    expect(Math.max(...blocks.map((block) => daysIn(block).size))).toBeLessThanOrEqual(10);
    expect(rows().reduce((sum, count) => sum + count)).toBe(153);
  });

  it("collects the rows of one day in one block over many batches", () => {
    const { assembler, blocks } = create({ maxPartitions: 10 });
    for (let i = 0; i < 20; i++) assembler.add(batchOfDays(Array.from({ length: 30 }, (_, j) => j)));
    assembler.closeAll();
    expect(blocks.map((block) => daysIn(block).size)).toEqual([10, 10, 10]);
  });

  it("fills no more than max_open_blocks at a time", () => {
    const { assembler, rows, held } = create({ maxPartitions: 10, maxOpenBlocks: 2 });
    assembler.add(batchOfDays(Array.from({ length: 100 }, (_, j) => j)));
    expect(rows()).toEqual([10, 10, 10, 10, 10, 10, 10, 10]);
    assembler.closeAll();
    expect(held.items).toBe(100);
    expect(rows()).toHaveLength(10);
  });

  it("leaves out spans that were dropped", () => {
    const { assembler, rows } = create();
    const batch = batchOf(10);
    for (let row = 0; row < 10; row += 2) batch.drop(row);
    assembler.add(batch);
    assembler.closeAll();
    expect(rows()).toEqual([5]);
  });

  it("gives each block a token of its own", () => {
    const { assembler, blocks } = create({ maxRows: 1 });
    assembler.add(batchOf(5));
    expect(new Set(blocks.map(({ token }) => token)).size).toBe(5);
  });
});
