import { cpus } from "node:os";
import { chainAi, chainMix, chainSmall, images } from "./chain.ts";
import { decodeEncode, jsonDecodeEncode } from "./codec.ts";
import { endToEnd } from "./e2e.ts";
import { outage } from "./outage.ts";
import { dropStores, queryCases } from "./query.ts";
import { tail } from "./tail.ts";

const large = { connections: 96, streams: 1, spansPerRequest: 1000, spans: 2_000_000 };
const small = { protocol: "grpc" as const, connections: 20, streams: 48, spansPerRequest: 50, spans: 600_000 };

/** Every measurement, by the name it is asked for with. README.md says what each one is and what it came to. */
const cases: Readonly<Record<string, () => unknown>> = {
  decode_encode: decodeEncode,
  json_decode_encode: jsonDecodeEncode,
  chain_mix: chainMix,
  chain_ai: chainAi,
  chain_small: chainSmall,
  images,
  tail: () => tail(),
  e2e_http: () => endToEnd({ protocol: "http", ...large }, "stored"),
  e2e_http_received: () => endToEnd({ protocol: "http", ...large, connections: 16 }, "received"),
  e2e_grpc: () => endToEnd({ protocol: "grpc", ...large, connections: 8, streams: 12 }, "stored"),
  e2e_grpc_received: () => endToEnd({ protocol: "grpc", ...large, connections: 8, streams: 2 }, "received"),
  e2e_small: () => endToEnd(small, "stored"),
  e2e_small_received: () => endToEnd({ ...small, streams: 1 }, "received"),
  e2e_chain: () => endToEnd({ protocol: "http", ...large }, "stored", "default"),
  post_spans: () =>
    endToEnd({ protocol: "json", connections: 20, streams: 1, spansPerRequest: 100, spans: 400_000 }, "stored", "api"),
  rss_mb: () => outage("stored"),
  rss_mb_received: () => outage("received"),
  ...queryCases,
};

const args = process.argv.slice(2);
const asJson = args.includes("--json");
const asked = args.filter((arg) => !arg.startsWith("--"));
const unknown = asked.filter((name) => cases[name] === undefined);
if (unknown.length > 0) {
  process.stderr.write(`bench: unknown case ${unknown.join(", ")}, must be one of ${Object.keys(cases).join(", ")}\n`);
  process.exit(1);
}

const results: Record<string, unknown> = {
  machine: `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}`,
  date: new Date().toISOString().slice(0, 10),
};
for (const name of asked.length > 0 ? asked : Object.keys(cases)) {
  results[name] = await cases[name]!();
  if (!asJson) process.stdout.write(`${name} ${JSON.stringify(results[name])}\n`);
}
await dropStores();
if (asJson) process.stdout.write(`${JSON.stringify(results)}\n`);
