import { ClickHouseError, TupleParam } from "@clickhouse/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestClickHouse, type TestClickHouse } from "../../support/clickhouse.ts";

let server: TestClickHouse;

beforeAll(async () => {
  server = await startTestClickHouse();
});
afterAll(() => server.stop());

function rows(query: string, query_params: Record<string, unknown> = {}, clickhouse_settings = {}) {
  return server.connection.reads.rows({ query, query_params, clickhouse_settings });
}

const texts = [
  "",
  "plain",
  "it's",
  "back\\slash \\N \\t",
  "tab\tline\nreturn\r",
  "\u0000\u0001",
  "Zürich 東京 🙂",
  "[',']",
  "NULL",
];

describe("rows of a server", () => {
  it("are the same as the client library's, none and many", async () => {
    expect(await rows("SELECT 1 AS x WHERE 0")).toEqual([]);
    const query = "SELECT number AS n, toString(number) AS t, [number, 1] AS a, NULL AS nothing FROM numbers(20000)";
    const result = await server.client.query({ query, format: "JSONEachRow" });
    expect(await rows(query)).toEqual(await result.json());
  });

  it.each(texts)("get the text %j as it is", async (text) => {
    expect(await rows("SELECT {t: String} AS t, {a: Array(String)} AS a", { t: text, a: [text, "x", text] })).toEqual([
      { t: text, a: [text, "x", text] },
    ]);
  });

  it("get long parameters as they are", async () => {
    const many = Array.from({ length: 2_000 }, (_, n) => texts[n % texts.length]!);
    expect(await rows("SELECT {t: String} AS t, {a: Array(String)} AS a", { t: "it's", a: many })).toEqual([
      { t: "it's", a: many },
    ]);
  });

  it("are written as the settings say, however long the parameters are", async () => {
    const many = Array.from({ length: 2_000 }, () => "x");
    const query = "SELECT toDateTime64(0, 3, 'UTC') AS at, length({a: Array(String)}) AS found";
    const settings = { date_time_output_format: "iso", output_format_json_quote_64bit_integers: 0 };
    expect(await rows(query, { a: many }, settings)).toEqual([{ at: "1970-01-01T00:00:00.000Z", found: 2_000 }]);
  });

  it("get numbers, booleans and nothing", async () => {
    const params = { i: 2n ** 62n, f: -1.5, b: true, n: null, a: [1, 2], u: [Number.NaN] };
    const query =
      "SELECT toString({i: Int64}) AS i, {f: Float64} AS f, {b: Bool} AS b, {n: Nullable(String)} AS n, {a: Array(UInt64)} AS a, isNaN({u: Array(Float64)}[1]) AS u";
    expect(await rows(query, params, { output_format_json_quote_64bit_integers: 0 })).toEqual([
      { i: String(2n ** 62n), f: -1.5, b: true, n: null, a: [1, 2], u: 1 },
    ]);
  });

  it("get tuples", async () => {
    const pairs = [new TupleParam(["it's", "2026-01-02 03:04:05.000000006"])];
    expect(await rows("SELECT {p: Array(Tuple(String, DateTime64(9, 'UTC')))} AS p", { p: pairs })).toEqual([
      { p: [["it's", "2026-01-02 03:04:05.000000006"]] },
    ]);
  });

  it("fail as a whole where the query fails after it has begun to answer", async () => {
    const query = "SELECT number, throwIf(number = 3000000, 'too many') FROM numbers(4000000)";
    const failed = rows(query, {}, { max_threads: 1, max_block_size: 10_000 });
    await expect(failed).rejects.toBeInstanceOf(ClickHouseError);
    await expect(failed).rejects.toMatchObject({ code: "395" });
  });

  it("fail with the code of a refusal", async () => {
    await expect(rows("SELECT nothing")).rejects.toMatchObject({ code: "47", type: "UNKNOWN_IDENTIFIER" });
  });
});
