import { ClickHouseError } from "@clickhouse/client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Reader } from "../../query/reader.ts";
import { CountedHours } from "../../query/settled/counted-hours.ts";
import type { HourCounts } from "../../query/settled/settlement.ts";
import type { Statement } from "../../query/sql.ts";
import { traceListSettlement } from "../../query/traces/lists/settle.ts";
import { type CountedStretch, countedStretchesStatement } from "../../query/traces/settled-count.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { settleBetween } from "./settler.ts";
import { midnight, other, project, startTestStore, type TestStore } from "./support.ts";

const hour = 3_600_000;

describe("hours of a project that are counted", () => {
  let server: TestClickHouse;
  let store: TestStore;
  let hours: CountedHours;
  let asked: Statement[];
  let stretchesAsked: Statement[];
  let stretches: readonly CountedStretch[];

  beforeAll(async () => {
    ({ server, store } = await startTestStore());
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await store.empty();
    hours = new CountedHours();
  });

  type Answer = (statement: Statement) => readonly unknown[] | undefined;
  const count = async (answer: Answer = () => undefined, id = project): Promise<Record<number, [number, number]>> => {
    asked = [];
    stretchesAsked = [];
    const { reader } = store;
    const watched: Reader = {
      ...{ tables: reader.tables, bounds: reader.bounds, countedHours: hours, loggedMessages: reader.loggedMessages },
      rows: async <Row>(statement: Statement) => {
        (isOfStretches(statement) ? stretchesAsked : asked).push(statement);
        return (answer(statement) as Row[] | undefined) ?? reader.rows<Row>(statement);
      },
    };
    const wanted = {
      project: id,
      table: "settledTraces",
      statement: countedStretchesStatement(id, reader.tables),
    } as const;
    const found = await hours.withStretches<CountedStretch>(watched, wanted);
    stretches = found.stretches;
    const inOrder = found.hours.toSorted((one, next) => one.At - next.At);
    const at = ({ At }: HourCounts): number => (At * 1_000 - midnight) / hour;
    return Object.fromEntries(inOrder.map((counts) => [at(counts), [counts.Rows, counts.Said]]));
  };
  const isOfStretches = ({ query }: Statement): boolean => query.includes("FINAL");
  const isOfParts = ({ query }: Statement): boolean => query.includes("system.parts");
  const daysAsked = (): unknown => asked.filter((one) => !isOfParts(one)).map(({ params }) => params["p2"]);

  it("are counted once, and again on days to which something has come or that were merged", async () => {
    await store.spans(
      { trace: 1, span: 1, at: hour },
      { trace: 2, span: 2, at: 30 * hour },
      { trace: 2, span: 3, at: 30 * hour },
    );
    await store.spans({ trace: 3, span: 4, at: hour, project: other });
    expect(await count()).toEqual({ 1: [1, 0], 30: [2, 0] });
    expect(await count()).toEqual({ 1: [1, 0], 30: [2, 0] });
    expect(asked.map(isOfParts)).toEqual([true]);
    await store.spans({ trace: 1, span: 5, at: hour + 5 });
    await store.trace(1, { at: hour, explicit: { cost: "1", name: "x" } });
    expect(await count()).toEqual({ 1: [2, 2], 30: [2, 0] });
    expect(daysAsked()).toEqual([["20261120"]]);
    await store.merge();
    expect(await count()).toEqual({ 1: [2, 2], 30: [2, 0] });
    await server.command("ALTER TABLE traces DROP PARTITION ID '20261121'");
    expect(await count()).toEqual({ 1: [2, 2] });
    expect(await count(undefined, other)).toEqual({ 1: [1, 0] });
  });

  it("come with rows of stretches, which are read again where a table of these has changed", async () => {
    const settle = (): Promise<number> => settleBetween(store, [traceListSettlement()], 0, 48 * hour);
    const traces = (): readonly number[] => stretches.map(({ counts }) => counts.reduce((sum, one) => sum + one, 0));
    await store.spans({ trace: 1, span: 1, at: hour }, { trace: 2, span: 2, at: 30 * hour });
    await settle();
    for (const times of [1, 0, 0]) {
      await count();
      expect([traces(), stretchesAsked.length]).toEqual([[1, 1], times]);
    }
    await count(undefined, other);
    expect([traces(), stretchesAsked.length]).toEqual([[], 1]);
    await store.spans({ trace: 3, span: 3, at: 31 * hour });
    // Their marks say that they hold no more.
    await count();
    expect([traces(), stretchesAsked.length]).toEqual([[1, 1], 0]);
    await settle();
    for (const times of [1, 0]) {
      await count();
      expect([traces(), stretchesAsked.length]).toEqual([[1, 2], times]);
    }
    const ofStranger: Answer = (statement) =>
      isOfStretches(statement) ? [{ ProjectId: project, At: 0, Mark: 1, counts: [7], Server: "another" }] : undefined;
    await server.command("OPTIMIZE TABLE settled_traces FINAL");
    for (const _again of [1, 2]) {
      await count(ofStranger);
      expect([traces(), stretchesAsked.length]).toEqual([[7], 1]);
    }
    await count((statement) => (isOfParts(statement) ? [] : undefined));
    expect([traces(), stretchesAsked.length]).toEqual([[1, 2], 1]);
  });

  it("are all counted where parts are not known, or are those of another server", async () => {
    await store.spans({ trace: 1, span: 1, at: hour });
    const refused = new ClickHouseError({ message: "no", code: "497", type: "ACCESS_DENIED" });
    const strangers = [{ Table: "traces", Partition: "20261120", Parts: "1", Server: "another" }];
    const answers: Answer[] = [
      (statement) => (isOfParts(statement) ? [] : undefined),
      (statement) => (isOfParts(statement) ? strangers : undefined),
      (statement) => {
        if (isOfParts(statement)) throw refused;
        return undefined;
      },
    ];
    for (const answer of answers) {
      for (const _again of [1, 2]) {
        expect(await count(answer)).toEqual({ 1: [1, 0] });
        expect(daysAsked()).toContain(undefined);
      }
    }
    const failed = new ClickHouseError({ message: "no", code: "241", type: "MEMORY_LIMIT_EXCEEDED" });
    const failing: Answer = () => {
      throw failed;
    };
    await expect(count(failing)).rejects.toBe(failed);
  });
});
