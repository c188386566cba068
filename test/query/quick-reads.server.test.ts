import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { queryUser } from "../../exporters/clickhouse/schema/query-user.ts";
import { externalClickHouse, type TestClickHouse } from "../support/clickhouse.ts";
import { startTestStore, type TestStore } from "./support.ts";

let server: TestClickHouse;
let store: TestStore;
beforeAll(async () => {
  ({ server, store } = await startTestStore());
}, 60_000);
afterAll(() => server.stop());

const query = "SELECT toInt32(getSetting('use_skip_indexes_on_data_read')) AS value";

describe.skipIf(externalClickHouse)("the embedded server", () => {
  it("is sent the setting that makes look-ups quick with each statement of a reader, and has it for nobody else", async () => {
    const rows = await store.reader.rows({ query, params: {} });
    expect(rows).toEqual([{ value: 0 }]);
    expect(await server.query(query)).toEqual([{ value: 1 }]);
  });

  it("has it in the profile of the user of POST /query, whose statements do not carry it", async () => {
    const result = await server.client.query({
      query,
      format: "JSONEachRow",
      auth: { username: queryUser, password: "" },
    });
    expect(await result.json()).toEqual([{ value: 0 }]);
  });
});
