import {
  type CallOptions,
  type ChannelCredentials,
  Client,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { afterEach } from "vitest";

const clients: Client[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

export const exportTraces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
export const exportLogs = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

/** A real gRPC client, closed after the test. */
export function grpcClient(
  address: string,
  options: object = {},
  creds: ChannelCredentials = credentials.createInsecure(),
): Client {
  const client = new Client(address, creds, { "grpc.max_send_message_length": -1, ...options });
  clients.push(client);
  return client;
}

/** Makes one unary call with bytes in and out; rejects with the ServiceError. */
export function call(
  client: Client,
  path: string,
  message: Uint8Array,
  { metadata = new Metadata(), ...options }: CallOptions & { metadata?: Metadata } = {},
): Promise<Buffer> {
  const identity = (bytes: Buffer): Buffer => bytes;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, identity, identity, Buffer.from(message), metadata, options, (error, response) => {
      if (error) reject(error);
      else resolve(response!);
    });
  });
}

/** The error of a call that must fail. */
export async function errorOf(call: Promise<unknown>): Promise<ServiceError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) throw new Error("the call succeeded");
  return error as ServiceError;
}
