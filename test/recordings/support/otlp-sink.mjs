import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";
import { jsonOfProtobuf } from "./otlp-json.mjs";

/**
 * An OTLP/HTTP endpoint on loopback that keeps the spans and log records it is sent, whatever stands before /v1/ in the path.
 *
 * @returns url without a path, `takeRequests()` and `takeLogs()` for the requests of traces and of logs (as OTLP/JSON) since
 *   it was last called, `close()`
 */
export async function startOtlpSink() {
  const requests = { traces: [], logs: [] };
  const take = (signal) => requests[signal].splice(0);
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const sent = Buffer.concat(chunks);
    const [, signal] = /\/v1\/(traces|logs)\/?$/.exec(new URL(request.url, "http://localhost").pathname) ?? [];
    if (signal !== undefined) requests[signal].push(read(request.headers, sent, signal));
    response.writeHead(200, { "content-type": "application/json" });
    response.end("{}");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    takeRequests: () => take("traces"),
    takeLogs: () => take("logs"),
    close: () => server.close(),
  };
}

function read(headers, sent, signal) {
  const body = headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
  return headers["content-type"]?.includes("json") ? JSON.parse(body.toString()) : jsonOfProtobuf(body, signal);
}
