import { describe, expect, it } from "vitest";
import { otlpConfigSchema } from "../../../receivers/otlp/config.ts";

function messagesOf(config: unknown): string[] {
  const result = otlpConfigSchema.safeParse(config);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("configuration of the OTLP receiver", () => {
  it("takes a protocol without keys for its defaults", () => {
    const { protocols } = otlpConfigSchema.parse({ protocols: { grpc: null, http: {} } });
    expect(protocols.grpc).toMatchObject({
      endpoint: "localhost:4317",
      transport: "tcp",
      include_metadata: false,
      maxMessageBytes: 64 * 2 ** 20,
      keepalive: {
        server_parameters: { max_connection_idle: 3_600_000, max_connection_age: 0, time: 300_000, timeout: 20_000 },
        enforcement_policy: { min_time: 300_000, permit_without_stream: false },
      },
    });
    expect(protocols.http).toMatchObject({
      endpoint: "localhost:4318",
      max_request_body_size: 64 * 2 ** 20,
      traces_url_path: "/v1/traces",
      metrics_url_path: "/v1/metrics",
      logs_url_path: "/v1/logs",
      keep_alives_enabled: true,
    });
  });

  it("leaves out a protocol that is not named", () => {
    expect(otlpConfigSchema.parse({ protocols: { http: null } }).protocols.grpc).toBeUndefined();
  });

  it.each([[null], [{}], [{ protocols: null }], [{ protocols: {} }]])("demands a protocol of %j", (config) => {
    expect(messagesOf(config)).toEqual(["protocols: must specify at least one protocol when using the OTLP receiver"]);
  });

  it("takes every key of the Collector", () => {
    const tls = { cert_file: "a.crt", key_file: "a.key", client_ca_file: "ca.crt", client_ca_file_reload: true };
    const grpc = {
      endpoint: "[::1]:4317",
      transport: "tcp",
      dialer: { timeout: "1s" },
      tls: { ...tls, reload_interval: "1h" },
      max_recv_msg_size_mib: 4,
      max_concurrent_streams: 16,
      read_buffer_size: 524_288,
      write_buffer_size: 1_024,
      keepalive: {
        server_parameters: {
          max_connection_idle: "11s",
          max_connection_age: "12s",
          max_connection_age_grace: "13s",
          time: "30s",
          timeout: "5s",
        },
        enforcement_policy: { min_time: "10s", permit_without_stream: true },
      },
      auth: { authenticator: "oidc" },
      include_metadata: true,
      middlewares: [{ id: "limiter" }],
    };
    const http = {
      endpoint: ":4318",
      tls,
      cors: { allowed_origins: ["*"], allowed_headers: ["*"], exposed_headers: ["x"], max_age: 7_200 },
      auth: { authenticator: "oidc", request_params: ["token"] },
      max_request_body_size: 20_971_520,
      include_metadata: true,
      response_headers: { "x-a": "b" },
      compression_algorithms: ["", "gzip", "zstd", "zlib", "snappy", "deflate", "lz4", "x-snappy-framed"],
      read_timeout: "1m",
      read_header_timeout: "10s",
      write_timeout: "30s",
      idle_timeout: "1m",
      middlewares: [],
      keep_alives_enabled: false,
      traces_url_path: "otlp/traces",
    };
    const parsed = otlpConfigSchema.parse({ protocols: { grpc, http } });
    expect(parsed.protocols.http!.traces_url_path).toBe("/otlp/traces");
    expect(parsed.protocols.grpc!.maxMessageBytes).toBe(4 * 2 ** 20);
  });

  it("takes sizes of 0 for the default", () => {
    const protocols = { grpc: { max_recv_msg_size_mib: 0 }, http: { max_request_body_size: 0 } };
    const parsed = otlpConfigSchema.parse({ protocols }).protocols;
    expect([parsed.grpc!.maxMessageBytes, parsed.http!.max_request_body_size]).toEqual([67_108_864, 67_108_864]);
  });

  it.each([
    [{ tcp: {} }, 'protocols: Unrecognized key: "tcp"'],
    [{ http: { endpoint: "4318" } }, "protocols.http.endpoint: must be host:port, [::1]:port, :port or unix:/path"],
    [{ grpc: { tls: { key_file: "a" } } }, "protocols.grpc.tls.cert_file: a server needs cert_file or cert_pem"],
    [
      { http: { response_headers: { "x y": "z" } } },
      "protocols.http.response_headers: must be names and values that HTTP headers can have",
    ],
  ])("refuses %j", (protocols, message) => {
    expect(messagesOf({ protocols: { http: {}, ...protocols } })).toEqual([message]);
  });
});
