import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { csvOf } from "../../query/export/csv.ts";
import { parquetOf } from "../../query/export/parquet.ts";
import { exportTable } from "../../query/export/table.ts";
import { startTestClickHouse, type TestClickHouse } from "../support/clickhouse.ts";

const table = exportTable("rows", { number: ["cost"], integer: ["n"], boolean: ["ok"], time: ["at"], json: ["tags"] }, [
  "name",
  "cost",
  "n",
  "ok",
  "at",
  "tags",
]);

async function* pagesOf(count: number, perPage = 700) {
  for (let start = 0; start < count; start += perPage) {
    yield Array.from({ length: Math.min(perPage, count - start) }, (_, index) => rowOf(start + index));
  }
}

function rowOf(n: number) {
  const isEmpty = n % 3 === 0;
  return {
    ...{ name: isEmpty ? null : `ö${n}`, cost: isEmpty ? null : n / 4, n, ok: n % 2 === 0, tags: { n: String(n) } },
    at: "2026-03-01T10:00:00.123456Z",
  };
}

let clickhouse: TestClickHouse;
beforeAll(async () => {
  clickhouse = await startTestClickHouse();
});
afterAll(() => clickhouse.stop());

describe("Parquet", () => {
  it.each([
    [0, 5_000, 0],
    [1, 5_000, 1],
    [7, 3, 3],
    [5_000, 5_000, 1],
    [12_345, 5_000, 3],
  ])("of %i rows, %i a group, is read by ClickHouse as it was written", async (count, rowsPerGroup, groups) => {
    const chunks: Buffer[] = [];
    for await (const chunk of parquetOf(table, pagesOf(count), rowsPerGroup)) chunks.push(chunk);
    // One chunk for each group, and the beginning and the end of the file.
    expect(chunks).toHaveLength(groups + 2);
    await clickhouse.command(
      "CREATE OR REPLACE TABLE p (name Nullable(String), cost Nullable(Float64), n Int64, ok Bool, at DateTime64(6, 'UTC'), tags String) ENGINE = Memory",
    );
    const query = encodeURIComponent(`INSERT INTO ${clickhouse.database}.p FORMAT Parquet`);
    const body = new Uint8Array(Buffer.concat(chunks));
    const answer = await fetch(`${clickhouse.url}/?query=${query}`, { method: "POST", body });
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    const rows = await clickhouse.query(
      "SELECT name, cost, toInt32(n) AS n, ok, toString(at) AS at, tags FROM p ORDER BY n",
    );
    const expected = Array.from({ length: count }, (_, n) => {
      const { tags, at, ...same } = rowOf(n);
      return { ...same, at: "2026-03-01 10:00:00.123456", tags: JSON.stringify(tags) };
    });
    expect(rows).toEqual(expected);
  });
});

describe("CSV", () => {
  it("quotes what needs it, and keeps texts from being formulas", async () => {
    const texts = ["=1+1", "+1", "-1", "@x", "\tx", 'a"b', "a,b", "a\r\nb", "plain"];
    async function* pages() {
      yield texts.map((name) => ({ name, cost: -1, n: null, ok: true, tags: { a: 1 } }));
    }
    let text = "";
    for await (const chunk of csvOf(table, pages())) text += chunk;
    const rest = ',-1,,true,,"{""a"":1}"\r\n';
    const cells = ["'=1+1", "'+1", "'-1", "'@x", "'\tx", '"a""b"', '"a,b"', '"a\r\nb"', "plain"];
    expect(text).toBe(`name,cost,n,ok,at,tags\r\n${cells.map((cell) => cell + rest).join("")}`);
  });
});
