import { describe, expect, it } from "vitest";
import { clickhouseServerConfigSchema } from "../../../extensions/clickhouse_server/config.ts";

const messagesOf = (config: unknown): string[] | undefined =>
  clickhouseServerConfigSchema
    .safeParse(config)
    .error?.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);

describe("clickhouse_server configuration", () => {
  it("is complete when empty", () => {
    expect(clickhouseServerConfigSchema.parse({})).toMatchObject({
      directory: "./data/clickhouse",
      http_endpoint: { host: "127.0.0.1", port: 8123 },
      memory_limit: 4 * 2 ** 30,
    });
  });

  it.each(["127.0.0.1:1", "127.1.2.3:1", "localhost:1", "[::1]:1"])("takes the loopback address %s", (endpoint) => {
    expect(messagesOf({ http_endpoint: endpoint })).toBeUndefined();
  });

  it.each(["0.0.0.0:8123", ":8123", "[::]:8123", "10.0.0.1:8123", "db.example:8123", "127.0.0.1.example:8123"])(
    "refuses the address %s, which others can reach",
    (endpoint) => {
      expect(messagesOf({ http_endpoint: endpoint })).toEqual([
        "http_endpoint: must be a loopback address such as 127.0.0.1:8123, since the embedded server has no access " +
          "control; for other machines run a ClickHouse server of your own and set exporters.clickhouse.endpoint",
      ]);
    },
  );

  it("refuses hosts that differ", () => {
    expect(messagesOf({ tcp_endpoint: "[::1]:9000" })).toEqual([
      "tcp_endpoint: must have the same host as http_endpoint",
    ]);
  });

  it.each([
    ["memory_limit", "100MiB", "must be at least 256MiB"],
    ["memory_limit", "4 gigs", "must be a size such as 64MiB, 2GiB or 1048576"],
    ["http_endpoint", "8123", "must be host:port such as localhost:4317"],
  ])("refuses %s %s", (key, value, message) => {
    expect(messagesOf({ [key]: value })).toEqual([`${key}: ${message}`]);
  });
});
