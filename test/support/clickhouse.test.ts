import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { externalClickHouse, startTestClickHouse, type TestClickHouse } from "./clickhouse.ts";

let clickhouse: TestClickHouse;

beforeAll(async () => {
  clickhouse = await startTestClickHouse();
});

afterAll(() => clickhouse.stop());

describe("the test server", () => {
  it("has an empty Atomic database, which queries use", async () => {
    const rows = await clickhouse.query("SELECT name, engine FROM system.databases WHERE name = currentDatabase()");
    expect(rows).toEqual([{ name: clickhouse.database, engine: "Atomic" }]);
    expect(await clickhouse.query("SHOW TABLES")).toEqual([]);
  });

  it("binds parameters and keeps 64-bit integers whole", async () => {
    const rows = await clickhouse.query("SELECT {n: UInt64} AS n", { n: "18446744073709551615" });
    expect(rows).toEqual([{ n: "18446744073709551615" }]);
  });

  it.skipIf(externalClickHouse)("is away after kill and back with its rows after restart", async () => {
    await clickhouse.command("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n");
    await clickhouse.command("INSERT INTO t VALUES (1), (2)");
    await clickhouse.kill();
    await expect(clickhouse.query("SELECT 1")).rejects.toThrow();
    await clickhouse.restart();
    expect(await clickhouse.query("SELECT sum(n) AS sum FROM t")).toEqual([{ sum: "3" }]);
  });
});
