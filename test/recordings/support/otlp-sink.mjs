import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";
import { jsonOfProtobuf } from "./otlp-json.mjs";

/**
 * An OTLP/HTTP endpoint on loopback that keeps what it is sent, whatever stands before /v1/traces in the path.
 *
 * @returns url without a path, `takeRequests()` for the trace requests (as OTLP/JSON) since it was last called, `close()`
 */
export async function startOtlpSink() {
  let requests = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const sent = Buffer.concat(chunks);
    const isTraces = /\/v1\/traces\/?$/.test(new URL(request.url, "http://localhost").pathname);
    if (isTraces) requests.push(read(request.headers, sent));
    response.writeHead(200, { "content-type": "application/json" });
    response.end("{}");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    takeRequests() {
      const taken = requests;
      requests = [];
      return taken;
    },
    close: () => server.close(),
  };
}

function read(headers, sent) {
  const body = headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
  return headers["content-type"]?.includes("json") ? JSON.parse(body.toString()) : jsonOfProtobuf(body);
}
