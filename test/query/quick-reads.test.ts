import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client";
import { describe, expect, it } from "vitest";
import { readsSchema } from "../../query/config.ts";
import { ClickHouseReader, type StoreTables } from "../../query/reader.ts";

const setting = "use_skip_indexes_on_data_read";
const bounds = { limits: { maxExecutionSeconds: 1, maxMemoryBytes: 1 }, bounds: readsSchema.parse({}) };
const statement = { query: "SELECT 2", params: {} };

interface Sent {
  readonly query: string;
  readonly clickhouse_settings?: Readonly<Record<string, unknown>>;
}

/** A client of a server that has the setting to offer, or not. */
function clientOf({ offers, refuses = false }: { offers: () => boolean; refuses?: boolean }) {
  const sent: Sent[] = [];
  const query = async (request: Sent) => {
    sent.push(request);
    const isQuestion = request.query.includes("system.settings");
    if (refuses && !isQuestion && setting in (request.clickhouse_settings ?? {})) throw unknown;
    const rows = isQuestion && !offers() ? [] : [{ 1: 1 }];
    return { json: async () => rows };
  };
  const exec = async (request: Sent) => {
    sent.push(request);
    return { stream: "stream" };
  };
  return { client: { query, exec } as unknown as ClickHouseClient, sent };
}

const unknown = new ClickHouseError({
  message: `Setting ${setting} is neither a builtin setting nor started with the prefix`,
  code: "115",
  type: "UNKNOWN_SETTING",
});

const readerOf = (client: ClickHouseClient) =>
  new ClickHouseReader(() => Promise.resolve(client), {} as StoreTables, bounds);

/** Whether each statement carried it, without the questions. */
const carried = (sent: readonly Sent[]) =>
  sent
    .filter(({ query }) => !query.includes("system.settings"))
    .map(({ clickhouse_settings: settings }) => settings?.[setting]);

describe("statements of a reader", () => {
  it("carry the setting that makes look-ups quick, streams too, where the server has it, which is asked once", async () => {
    const { client, sent } = clientOf({ offers: () => true });
    const reader = readerOf(client);
    await Promise.all([reader.rows(statement), reader.rows(statement)]);
    await reader.stream(statement, "CSV");
    expect(carried(sent)).toEqual([0, 0, 0]);
    expect(sent).toHaveLength(4);
  });

  it("go without it to a server that does not know it, or whose operator has said it", async () => {
    const { client, sent } = clientOf({ offers: () => false });
    const reader = readerOf(client);
    await reader.rows(statement);
    await reader.stream(statement, "CSV");
    expect(carried(sent)).toEqual([undefined, undefined]);
    expect(sent).toHaveLength(3);
  });

  it("go without it while the server does not answer the question, which is put again", async () => {
    let isAway = true;
    const { client, sent } = clientOf({
      offers: () => {
        if (isAway) throw new Error("away");
        return true;
      },
    });
    const reader = readerOf(client);
    await reader.rows(statement);
    isAway = false;
    await reader.rows(statement);
    expect(carried(sent)).toEqual([undefined, 0]);
  });

  it("are sent again without it when an older server has come in the place of the one that was asked", async () => {
    const { client, sent } = clientOf({ offers: () => true, refuses: true });
    const reader = readerOf(client);
    expect(await reader.rows(statement)).toEqual([{ 1: 1 }]);
    await reader.rows(statement);
    expect(carried(sent)).toEqual([0, undefined, undefined]);
  });

  it("are asked of the server behind each client", async () => {
    const [old, recent] = [clientOf({ offers: () => false }), clientOf({ offers: () => true })];
    const clients = [old.client, recent.client, old.client, recent.client];
    const reader = new ClickHouseReader(() => Promise.resolve(clients.shift()!), {} as StoreTables, bounds);
    for (let n = 0; n < 4; n++) await reader.rows(statement);
    expect([carried(old.sent), carried(recent.sent)]).toEqual([
      [undefined, undefined],
      [0, 0],
    ]);
  });
});
