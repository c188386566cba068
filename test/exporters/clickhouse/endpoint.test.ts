import { describe, expect, it } from "vitest";
import { EndpointError, parseEndpoint } from "../../../exporters/clickhouse/endpoint.ts";

describe("endpoint", () => {
  const urls: [string, string[]][] = [
    ["http://127.0.0.1:8123", ["http://127.0.0.1:8123"]],
    ["http://ch", ["http://ch:8123"]],
    ["https://ch", ["https://ch:8443"]],
    ["https://ch:443/otel", ["https://ch:443"]],
    ["http://[::1]:8123", ["http://[::1]:8123"]],
    ["clickhouse://ch", ["http://ch:8123"]],
    ["clickhouse://ch:9000/otel", ["http://ch:8123"]],
    ["tcp://ch:9440", ["https://ch:8443"]],
    ["tcp://ch:9000?secure=true", ["https://ch:8123"]],
    ["tcp://a:9000,b:9000/otel", ["http://a:8123", "http://b:8123"]],
    ["http://a:8123,http://b:8124", ["http://a:8123", "http://b:8124"]],
  ];
  for (const [endpoint, expected] of urls) {
    it(`posts to ${expected.join(" and ")} for ${endpoint}`, () => {
      expect(parseEndpoint(endpoint).urls).toEqual(expected);
    });
  }

  it("takes user, password, database and settings from the URL", () => {
    const endpoint =
      "clickhouse://us%40er:p%2Fw@ch:9000/otel?max_execution_time=60&connection_open_strategy=round_robin";
    expect(parseEndpoint(endpoint)).toMatchObject({
      username: "us@er",
      password: "p/w",
      database: "otel",
      strategy: "round_robin",
      settings: { max_execution_time: "60" },
    });
  });

  it("lets connection_params win over the URL", () => {
    expect(parseEndpoint("http://ch?compress=lz4", { compress: "none" }).compress).toBe("none");
  });

  it("says what to write instead of a native port, and which parameters have no effect", () => {
    expect(parseEndpoint("tcp://ch:9000?dial_timeout=5s").warnings).toEqual([
      'endpoint: "tcp://ch:9000" names the native protocol, posting to http://ch:8123; write that instead',
      'endpoint: parameter "dial_timeout" has no effect here, remove it',
    ]);
    expect(parseEndpoint("http://ch:8123").warnings).toEqual([]);
  });

  const wrong = [
    "ch:9000",
    "ftp://ch",
    "http://",
    "http://ch:0",
    "http://ch:99999",
    "http://ch:x",
    "http://a,",
    "http://a,https://b",
  ];
  for (const endpoint of [...wrong, "http://ch?connection_open_strategy=best", "http://%zz@ch"]) {
    it(`refuses ${endpoint}`, () => {
      expect(() => parseEndpoint(endpoint)).toThrow(EndpointError);
    });
  }

  it("never shows a password", () => {
    for (const endpoint of ["ftp://user:hunter2@ch", "http://user:hunter2@ch:0", "http://user:hunter2%zz@ch"]) {
      expect(() => parseEndpoint(endpoint)).not.toThrow(/hunter2/);
    }
    expect(parseEndpoint("tcp://user:hunter2@ch:9000").warnings.join()).not.toContain("hunter2");
  });
});
