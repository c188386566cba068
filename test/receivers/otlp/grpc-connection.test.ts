import { connect, createServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { GrpcConnection } from "../../../receivers/otlp/grpc-connection.ts";

afterEach(() => vi.useRealTimers());

test("a client is not probed between the end of its session and the event that says so", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const arrived = new Promise<ServerHttp2Session>((resolve) => server.once("session", resolve));
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  client.on("error", () => undefined);
  const session = await arrived;
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const keepalive = {
    server_parameters: {
      max_connection_idle: 0,
      max_connection_age: 0,
      max_connection_age_grace: 0,
      time: 1_000,
      timeout: 1_000,
    },
    enforcement_policy: { min_time: 300_000, permit_without_stream: false },
  };
  const connection = new GrpcConnection(session, keepalive, {} as never);
  vi.advanceTimersByTime(1_000);
  connection.destroy();
  expect(() => vi.advanceTimersByTime(1_000)).not.toThrow();
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
});
