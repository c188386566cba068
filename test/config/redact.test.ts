import { describe, expect, it } from "vitest";
import { redactConfig } from "../../config/redact.ts";
import { redactText } from "../../config/redact-text.ts";
import { fakeComponents } from "../support/fake-components.ts";

describe("redacted configurations", () => {
  it("hide what schemas mark as secret, in maps and under aliases too", () => {
    const tree = {
      exporters: {
        "otlp/eu": { endpoint: "x", headers: { a: "hunter2", b: "" }, tls: { key_pem: "hunter2", ca_file: "/ca" } },
        clickhouse: { password: "hunter2", username: "bob", timeout: 5 },
      },
    };
    expect(redactConfig(tree, fakeComponents)).toEqual({
      exporters: {
        "otlp/eu": {
          endpoint: "x",
          headers: { a: "[REDACTED]", b: "" },
          tls: { key_pem: "[REDACTED]", ca_file: "/ca" },
        },
        clickhouse: { password: "[REDACTED]", username: "bob", timeout: 5 },
      },
    });
  });

  it("hide passwords of components that nobody knows, by the names of their keys", () => {
    const tree = {
      receivers: { kafka: { auth: [{ password: "hunter2", password_file: "/p" }], url: "tcp://u:hunter2@h:1" } },
      connectors: { routing: { token: 12345, tokens: null } },
      exporters: { debug: null },
    };
    expect(redactConfig(tree, fakeComponents)).toEqual({
      receivers: { kafka: { auth: [{ password: "[REDACTED]", password_file: "/p" }], url: "tcp://u:[REDACTED]@h:1" } },
      connectors: { routing: { token: "[REDACTED]", tokens: null } },
      exporters: { debug: null },
    });
  });

  it.each([
    ["clickhouse://bob:pa/ss@w@rd@host:9000/db", "clickhouse://bob:[REDACTED]@host:9000/db"],
    ["http://bob:12345@host/", "http://bob:[REDACTED]@host/"],
    ["tcp://:hunter2@redis:6379", "tcp://:[REDACTED]@redis:6379"],
    ["bob:hunter2@tcp(db:3306)/x", "bob:[REDACTED]@tcp(db:3306)/x"],
    ["http://host:8123/?user=bob&password=hunter2&x=1", "http://host:8123/?user=bob&password=[REDACTED]&x=1"],
    ["http://localhost:4318/v1/traces", "http://localhost:4318/v1/traces"],
    ["http://host:80/a@b", "http://host:80/a@b"],
    ["0.0.0.0:4317", "0.0.0.0:4317"],
  ])("%s is shown as %s", (text, shown) => {
    expect(redactText(text)).toBe(shown);
  });
});
