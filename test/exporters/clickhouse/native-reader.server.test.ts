import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type JsonRow, readNativeRows } from "../../../exporters/clickhouse/native-reader.ts";
import { startTestClickHouse, type TestClickHouse } from "../../support/clickhouse.ts";

const values = `
  number AS u64, toInt64(-number) AS i64, toUInt8(number) AS u8, toUInt16(number) AS u16, toUInt32(number) AS u32,
  toInt8(-3) AS i8, toInt16(-300) AS i16, toInt32(-70000) AS i32, number / 3 AS f64, toFloat32(0.5) AS f32, number = 1 AS b,
  toString(number) AS s, toFixedString('ab', 2) AS fs, if(number = 1, NULL, number) AS nu,
  toLowCardinality(toString(number % 2)) AS lc, CAST(if(number = 1, NULL, 'x'), 'LowCardinality(Nullable(String))') AS lcn,
  range(number) AS a, [range(number), [toUInt64(7)]] AS aa,
  CAST(map('k', toString(number)), 'Map(LowCardinality(String), String)') AS m,
  [CAST(map('k', 'v'), 'Map(LowCardinality(String), String)'), CAST(map(), 'Map(LowCardinality(String), String)')] AS am,
  (number, 'é "q" \\n') AS t`;

describe("native reader", () => {
  let server: TestClickHouse;

  beforeAll(async () => {
    server = await startTestClickHouse();
  });
  afterAll(() => server.stop());

  async function native(sql: string): Promise<Buffer> {
    const { stream } = await server.client.exec({ query: `${sql} FORMAT Native` });
    const chunks: Buffer[] = [];
    for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  it("reads every type as the server writes it in JSON", async () => {
    const sql = `SELECT ${values} FROM numbers(4)`;
    const expected = await server.client.query({
      query: sql,
      format: "JSONEachRow",
      clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
    });
    expect([...readNativeRows([await native(sql)])]).toEqual(await expected.json<JsonRow>());
  });

  it("reads the rows of several blocks", async () => {
    const rows = [...readNativeRows([await native("SELECT number FROM numbers(5) SETTINGS max_block_size = 2")])];
    expect(rows.map((row) => row["number"])).toEqual(["0", "1", "2", "3", "4"]);
  });

  it("reads dictionaries with more keys than fit into one and two bytes", async () => {
    const body = await native("SELECT toLowCardinality(toString(number)) AS n FROM numbers(70000)");
    let i = 0;
    for (const row of readNativeRows([body])) if (row["n"] !== String(i++)) throw new Error(`row ${i} is ${row["n"]}`);
    expect(i).toBe(70_000);
  });

  it("reads maps without an entry in any row", async () => {
    const body = await native("SELECT CAST(map(), 'Map(LowCardinality(String), String)') AS m FROM numbers(2)");
    expect([...readNativeRows([body])]).toEqual([{ m: {} }, { m: {} }]);
  });

  it("writes times in UTC with all their digits", async () => {
    const body = await native(
      `SELECT toDateTime64('2023-11-14 22:13:20.123456789', 9, 'UTC') AS a, toDateTime64('1969-12-31 23:59:59.5', 3, 'UTC') AS b,
       toDateTime(1700000000, 'Europe/Berlin') AS c, toDateTime64('2023-11-14 22:13:20', 0, 'UTC') AS d`,
    );
    expect([...readNativeRows([body])]).toEqual([
      {
        a: "2023-11-14T22:13:20.123456789Z",
        b: "1969-12-31T23:59:59.500Z",
        c: "2023-11-14T22:13:20Z",
        d: "2023-11-14T22:13:20Z",
      },
    ]);
  });

  it("says that a block is cut short, wherever it is", async () => {
    const body = await native(`SELECT ${values} FROM numbers(2)`);
    for (let length = 1; length < body.length; length++) {
      expect(() => [...readNativeRows([body.subarray(0, length)])]).toThrow(/native block: ends \d+ bytes too early/);
    }
  });

  it("says which type it does not know", async () => {
    const body = await native("SELECT toDecimal64(1, 2) AS d");
    expect(() => [...readNativeRows([body])]).toThrow("native block: type Decimal is not known");
  });
});
