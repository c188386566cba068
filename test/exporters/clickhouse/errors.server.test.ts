import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorCodes } from "../../../exporters/clickhouse/error-codes.ts";
import { startTestClickHouse, type TestClickHouse } from "../../support/clickhouse.ts";

describe("error codes", () => {
  let server: TestClickHouse;

  beforeAll(async () => {
    server = await startTestClickHouse();
  });
  afterAll(() => server.stop());

  it("have the names that the server gives them", async () => {
    const rows = await server.query<{ code: number; name: string }>(
      "SELECT code, errorCodeToName(code) AS name FROM (SELECT arrayJoin({codes: Array(Int32)}) AS code)",
      { codes: [...errorCodes.keys()] },
    );
    expect(new Map(rows.map(({ code, name }) => [code, name]))).toEqual(
      new Map([...errorCodes].map(([code, { name }]) => [code, name])),
    );
  });
});
