import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { datasetRowTable } from "../../../exporters/clickhouse/schema/records.ts";
import { recordsSchema } from "../../../records/config.ts";
import { Records } from "../../../records/store/records.ts";
import { startTestClickHouse, type TestClickHouse } from "../../support/clickhouse.ts";
import { ready, startApi, type TestApi } from "../support.ts";

let clickhouse: TestClickHouse;
let api: TestApi;
let records: Records;
beforeAll(async () => {
  clickhouse = await startTestClickHouse();
  api = await startApi(clickhouse);
  await ready(api);
  records = new Records(api.api.store, api.api.reader, recordsSchema.parse({}));
}, 60_000);
afterAll(async () => {
  await api.stop();
  await clickhouse.stop();
});

const scope = { project: "refused", author: "k" };
const rowOf = (fields: object) => {
  const row = { VersionId: "v", RowNumber: 0, RowId: "r", Data: "{}" };
  return { ...records.fresh(datasetRowTable, scope, row), ...fields };
};

describe.each([
  ["put", (row: never) => records.put(datasetRowTable, row)],
  ["claimed", (row: never) => records.claim(datasetRowTable, row)],
] as const)("a record that is %s", (how, write) => {
  test.each(["no time", "99999-01-01", {}])(
    "with a value that ClickHouse will never take is refused for good (%j)",
    async (CreatedAt) => {
      const detail = expect.stringMatching(/^the store refuses a value that was sent: code \d+ \([A-Z_]+\)$/);
      await expect(write(rowOf({ CreatedAt }) as never)).rejects.toMatchObject({ status: 400, detail, headers: {} });
    },
  );

  test("is taken although it is larger than ClickHouse's readers in parallel take one", async () => {
    const Data = "x".repeat(101 * 1024 * 1024);
    await write(rowOf({ VersionId: how, Data }) as never);
    const lengths = await clickhouse.query(
      "SELECT toUInt32(length(Data)) AS Length FROM dataset_rows WHERE VersionId = {id: String}",
      { id: how },
    );
    expect(lengths).toEqual([{ Length: Data.length }]);
  }, 60_000);
});

test("rows for a table that an exporter has yet to make may come again", async () => {
  const refused = api.api.store.insert("signals_of_nobody", [{ Name: "n" }]);
  await expect(refused).rejects.toMatchObject({ status: 503, headers: { "retry-after": expect.any(String) } });
});
