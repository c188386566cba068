import { type IncomingHttpHeaders, type RequestOptions, request } from "node:http";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends one request on a connection of its own. */
export function send(
  address: string,
  path: string,
  body: Uint8Array | string,
  options: RequestOptions = {},
): Promise<HttpAnswer> {
  const { hostname, port } = new URL(`http://${address}`);
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, path, method: "POST", agent: false, ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    outgoing.on("error", reject).end(body);
  });
}

export const protobufType = { "content-type": "application/x-protobuf" };
export const jsonType = { "content-type": "application/json" };
