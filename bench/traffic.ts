import { randomFillSync } from "node:crypto";
import { keyValue, type Value, Writer } from "./protobuf-writer.ts";
import { Random, text } from "./random.ts";

/** Models as their providers sell them, and as these say that they have answered. */
export const models = [
  { provider: "openai", model: "gpt-4o", answering: "gpt-4o-2024-08-06" },
  { provider: "openai", model: "gpt-4o-mini", answering: "gpt-4o-mini-2024-07-18" },
  { provider: "anthropic", model: "claude-sonnet-4-5", answering: "claude-sonnet-4-5-20250929" },
  { provider: "gcp.gemini", model: "gemini-2.5-flash", answering: "gemini-2.5-flash" },
] as const;

function chatAttributes(random: Random): Record<string, Value> {
  const { provider, model, answering } = random.of(models);
  const input = 200 + random.below(4000);
  const output = 20 + random.below(900);
  return {
    "gen_ai.operation.name": "chat",
    "gen_ai.system": provider,
    "gen_ai.request.model": model,
    "gen_ai.response.model": answering,
    "gen_ai.request.temperature": 0.7,
    "gen_ai.request.max_tokens": 1024,
    "gen_ai.usage.input_tokens": input,
    "gen_ai.usage.output_tokens": output,
    "gen_ai.response.finish_reasons": "stop",
    "gen_ai.response.id": `chatcmpl-${random.below(2 ** 31).toString(36)}${random.below(2 ** 31).toString(36)}`,
    "gen_ai.conversation.id": `session-${random.below(50_000)}`,
    "user.id": `user-${random.below(20_000)}`,
    "gen_ai.input.messages": `[{"role":"user","parts":[{"type":"text","content":"${text(random, 560)}"}]}]`,
    "gen_ai.output.messages": `[{"role":"assistant","parts":[{"type":"text","content":"${text(random, 300)}"}]}]`,
    "server.address": "api.example.com",
  };
}

function httpAttributes(random: Random): Record<string, Value> {
  const id = random.below(1_000_000);
  return {
    "http.request.method": random.of(["GET", "POST", "PUT"]),
    "http.route": random.of(["/orders/:id", "/users/:id/cart", "/search", "/refunds/:id"]),
    "url.path": `/orders/${id}`,
    "url.scheme": "https",
    "http.response.status_code": random.of([200, 200, 200, 201, 404, 500]),
    "server.address": "shop.example.com",
    "server.port": 443,
    "client.address": `10.${random.below(256)}.${random.below(256)}.${random.below(256)}`,
    "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "network.protocol.version": "1.1",
  };
}

const resourceAttributes: Record<string, Value> = {
  "service.name": "checkout",
  "service.version": "2.14.1",
  "service.namespace": "shop",
  "deployment.environment.name": "production",
  "host.name": "ip-10-0-12-7.internal",
  "k8s.pod.name": "checkout-6d5f7c9b8-x2x7k",
  "telemetry.sdk.language": "nodejs",
  "telemetry.sdk.version": "2.12.0",
};

/** Where in a request the bytes stand that must differ from one sending to the next. */
export interface TrafficTemplate {
  readonly body: Buffer;
  readonly spans: number;
  /** Starts of trace ids (16 bytes, followed 2 bytes later by the span id of 8). */
  readonly idOffsets: readonly number[];
  /** Starts of the start time; the end time follows 9 bytes later. */
  readonly timeOffsets: readonly number[];
}

/** What spans are sent as: the scope, and the attributes of each. */
export interface SpanMaker {
  readonly scope: string;
  readonly name: (random: Random) => string;
  readonly attributes: (random: Random) => Record<string, Value>;
  /** As in OTLP: 2 server, 3 client. */
  readonly kind: number;
}

const mixScope = "@opentelemetry/instrumentation-http";
const chat: SpanMaker = { scope: mixScope, name: () => "chat gpt-4o", attributes: chatAttributes, kind: 3 };
const http: SpanMaker = {
  scope: mixScope,
  name: (random) => random.of(["GET /orders/:id", "POST /search", "GET /users/:id/cart"]),
  attributes: httpAttributes,
  kind: 2,
};

/**
 * The standard mix: every fourth span an LLM chat span with 15 attributes and about 1 KB of messages, the others HTTP server
 * spans with 10 attributes; about 750 bytes a span.
 */
export const mix: readonly SpanMaker[] = [chat, http, http, http];

/** One OTLP request of `spans` spans, made by `makers` in turn, of one resource with 8 attributes. */
export function makeTemplate(spans: number, seed: number, makers: readonly SpanMaker[] = mix): TrafficTemplate {
  const random = new Random(seed);
  const scopes = new Map<string, Writer>();
  for (let i = 0; i < spans; i++) {
    const maker = makers[i % makers.length]!;
    const scopeSpans = scopes.get(maker.scope) ?? newScope(maker.scope);
    scopes.set(maker.scope, scopeSpans);
    scopeSpans.field(2, spanBytes(random, maker));
  }
  const resource = new Writer();
  for (const [key, value] of Object.entries(resourceAttributes)) resource.field(1, keyValue(key, value));
  const resourceSpans = new Writer();
  resourceSpans.field(1, resource.bytes());
  for (const scopeSpans of scopes.values()) resourceSpans.field(2, scopeSpans.bytes());
  const request = new Writer();
  request.field(1, resourceSpans.bytes());
  const body = request.bytes();
  return { body, spans, ...markOffsets(body) };
}

function newScope(name: string): Writer {
  const scopeSpans = new Writer();
  const scope = new Writer();
  scope.field(1, name);
  scope.field(2, "0.223.0");
  scopeSpans.field(1, scope.bytes());
  return scopeSpans;
}

// Marks that makeTemplate writes where ids and times go, long enough not to occur by chance.
const traceIdMark = Buffer.from("0badcafe0badcafe0badcafe0badcafe", "hex");
const timeMark = 0x0bad_cafe_0bad_cafen;

function spanBytes(random: Random, maker: SpanMaker): Buffer {
  const span = new Writer();
  span.field(1, traceIdMark);
  span.field(2, Buffer.alloc(8, 1));
  if (random.below(4) > 0) span.field(4, Buffer.from(`parent${random.below(90) + 10}`));
  span.field(5, maker.name(random));
  span.integer(6, maker.kind);
  span.fixed64(7, timeMark);
  span.fixed64(8, timeMark);
  for (const [key, value] of Object.entries(maker.attributes(random))) {
    span.field(9, keyValue(key, value));
  }
  const status = new Writer();
  status.integer(3, random.below(20) === 0 ? 2 : 1);
  span.field(15, status.bytes());
  return span.bytes();
}

function markOffsets(body: Buffer): { idOffsets: number[]; timeOffsets: number[] } {
  const idOffsets: number[] = [];
  for (let at = body.indexOf(traceIdMark); at >= 0; at = body.indexOf(traceIdMark, at + 16)) idOffsets.push(at);
  const mark = Buffer.alloc(8);
  mark.writeBigUInt64LE(timeMark);
  const timeOffsets: number[] = [];
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + 17)) timeOffsets.push(at);
  return { idOffsets, timeOffsets };
}

const idBytes = Buffer.alloc(24 * 1024);

/** Writes unique ids and current times into `body`, a copy of the template's, in place. */
export function freshen(template: TrafficTemplate, body: Buffer = template.body): Buffer {
  const nowNanos = Date.now() * 1e6;
  for (let i = 0; i < template.spans; i++) {
    const from = (i % 1024) * 24;
    if (from === 0) randomFillSync(idBytes);
    const at = template.idOffsets[i]!;
    for (let k = 0; k < 16; k++) body[at + k] = idBytes[from + k]!;
    for (let k = 0; k < 8; k++) body[at + 18 + k] = idBytes[from + 16 + k]!;
    const timeAt = template.timeOffsets[i]!;
    writeNanos(body, timeAt, nowNanos - 1_000_000 - (i % 997) * 137_000);
    writeNanos(body, timeAt + 9, nowNanos);
  }
  return body;
}

function writeNanos(body: Buffer, at: number, nanos: number): void {
  const high = Math.floor(nanos / 0x100000000);
  const low = nanos - high * 0x100000000;
  for (let k = 0; k < 4; k++) {
    body[at + k] = low >>> (8 * k);
    body[at + 4 + k] = high >>> (8 * k);
  }
}
