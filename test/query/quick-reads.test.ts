import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client";
import { describe, expect, it } from "vitest";
import type { Connection } from "../../exporters/clickhouse/client.ts";
import { readsSchema } from "../../query/config.ts";
import { quickSettings } from "../../query/quick-reads.ts";
import { ClickHouseReader, type StoreTables } from "../../query/reader.ts";

const all = Object.keys(quickSettings);
const bounds = { limits: { maxExecutionSeconds: 1, maxMemoryBytes: 1 }, bounds: readsSchema.parse({}) };
const statement = { query: "SELECT 2", params: {} };

interface Sent {
  readonly query: string;
  readonly clickhouse_settings?: Readonly<Record<string, unknown>>;
}

/** A connection to a server that has some of the settings to offer. */
function connectionOf({ offers, refuses = false }: { offers: () => readonly string[]; refuses?: boolean }) {
  const sent: Sent[] = [];
  const query = async (request: Sent) => {
    sent.push(request);
    const isQuestion = request.query.includes("system.settings");
    if (refuses && !isQuestion && all.some((name) => name in (request.clickhouse_settings ?? {}))) throw unknown;
    return isQuestion ? offers().map((name) => ({ name })) : [{ 1: 1 }];
  };
  const question = async (request: Sent) => ({ json: () => query(request) });
  const client = { query: question } as unknown as ClickHouseClient;
  return { connection: { client, reads: { rows: query } } as unknown as Connection, sent };
}

const unknown = new ClickHouseError({
  message: `Setting use_statistics is neither a builtin setting nor started with the prefix`,
  code: "115",
  type: "UNKNOWN_SETTING",
});

const readerOf = (connection: Connection) =>
  new ClickHouseReader(() => Promise.resolve(connection), {} as StoreTables, bounds);

/** What each statement carried of them, without the questions. */
const carried = (sent: readonly Sent[]) =>
  sent
    .filter(({ query }) => !query.includes("system.settings"))
    .map(({ clickhouse_settings: settings = {} }) =>
      Object.fromEntries(Object.entries(settings).filter(([name]) => all.includes(name))),
    );

describe("statements of a reader", () => {
  it("carry the settings that make reads quick, where the server has them, which is asked once", async () => {
    const { connection, sent } = connectionOf({ offers: () => all });
    const reader = readerOf(connection);
    await Promise.all([reader.rows(statement), reader.rows(statement)]);
    expect(carried(sent)).toEqual([quickSettings, quickSettings]);
    expect(sent).toHaveLength(3);
  });

  it("go without those that a server does not know, or that its operator has set", async () => {
    const { connection, sent } = connectionOf({ offers: () => ["compile_expressions"] });
    const reader = readerOf(connection);
    await reader.rows(statement);
    expect(carried(sent)).toEqual([{ compile_expressions: 0 }]);
    expect(sent).toHaveLength(2);
  });

  it("go without them while the server does not answer the question, which is put again", async () => {
    let isAway = true;
    const { connection, sent } = connectionOf({
      offers: () => {
        if (isAway) throw new Error("away");
        return all;
      },
    });
    const reader = readerOf(connection);
    await reader.rows(statement);
    isAway = false;
    await reader.rows(statement);
    expect(carried(sent)).toEqual([{}, quickSettings]);
  });

  it("are sent again without them when an older server has come in the place of the one that was asked", async () => {
    const { connection, sent } = connectionOf({ offers: () => all, refuses: true });
    const reader = readerOf(connection);
    expect(await reader.rows(statement)).toEqual([{ 1: 1 }]);
    await reader.rows(statement);
    expect(carried(sent)).toEqual([quickSettings, {}, {}]);
  });

  it("are asked of the server behind each client", async () => {
    const [old, recent] = [connectionOf({ offers: () => [] }), connectionOf({ offers: () => all })];
    const connections = [old.connection, recent.connection, old.connection, recent.connection];
    const reader = new ClickHouseReader(() => Promise.resolve(connections.shift()!), {} as StoreTables, bounds);
    for (let n = 0; n < 4; n++) await reader.rows(statement);
    expect([carried(old.sent), carried(recent.sent)]).toEqual([
      [{}, {}],
      [quickSettings, quickSettings],
    ]);
  });
});
