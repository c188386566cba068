import { randomFillSync } from "node:crypto";
import { Random, text } from "./random.ts";
import { models } from "./traffic.ts";

/** Where in a request the texts stand that must differ from one sending to the next. */
export interface JsonTemplate {
  readonly body: Buffer;
  readonly spans: number;
  /** Starts of UUIDs. */
  readonly idOffsets: readonly number[];
  /** Starts of epoch seconds with six digits behind the point. */
  readonly timeOffsets: readonly number[];
}

// Marks that are written where ids and times go, long enough not to occur by chance.
const idMark = "0badcafe-0bad-4afe-8bad-cafe0badcafe";
const timeMark = 1234567890.654321;

/**
 * One request of `spans` JSON spans as ZeroEval's Python SDK writes them, nulls and all: every fourth an LLM span with about
 * 1 KB of messages, the others HTTP spans; about 1,150 bytes a span.
 */
export function makeJsonTemplate(spans: number, seed: number): JsonTemplate {
  const random = new Random(seed);
  const items = Array.from({ length: spans }, (_, i) => span(random, i % 4 === 0));
  const body = Buffer.from(JSON.stringify(items));
  return { body, spans, idOffsets: offsetsOf(body, idMark), timeOffsets: offsetsOf(body, String(timeMark)) };
}

function span(random: Random, isChat: boolean): object {
  return {
    id: idMark,
    session_id: `session-${random.below(50_000)}`,
    trace_id: idMark,
    parent_span_id: random.below(4) > 0 ? idMark : null,
    ...(isChat ? chat(random) : http(random)),
    started_at: timeMark,
    ended_at: timeMark,
    duration_ms: null,
    status: random.below(20) === 0 ? "error" : "ok",
    code: null,
    code_filepath: "/srv/shop/checkout.py",
    code_lineno: random.below(400),
    error_code: null,
    error_message: null,
    error_stack: null,
    experiment_result_id: null,
    tags: { environment: "production", team: "checkout" },
    trace_tags: {},
    session_tags: {},
    ab_choices: [],
  };
}

function chat(random: Random): object {
  const { provider, answering } = random.of(models);
  return {
    name: "chat.completions.create",
    kind: "llm",
    attributes: {
      "service.name": "checkout",
      provider,
      model: answering,
      streaming: false,
      inputTokens: 200 + random.below(4000),
      outputTokens: 20 + random.below(900),
      throughput: random.below(10_000) / 100,
      latency: random.below(5_000),
      openai_id: `chatcmpl-${random.below(2 ** 31).toString(36)}`,
      temperature: 0.7,
    },
    input_data: JSON.stringify([{ role: "user", content: text(random, 560) }]),
    output_data: text(random, 300),
  };
}

function http(random: Random): object {
  return {
    name: random.of(["GET /orders/:id", "POST /search", "GET /users/:id/cart"]),
    kind: "http",
    attributes: {
      "service.name": "checkout",
      "http.request.method": random.of(["GET", "POST", "PUT"]),
      "http.route": random.of(["/orders/:id", "/users/:id/cart", "/search"]),
      "url.path": `/orders/${random.below(1_000_000)}`,
      "http.response.status_code": random.of([200, 200, 201, 404, 500]),
      "server.address": "shop.example.com",
      "server.port": 443,
    },
    input_data: null,
    output_data: null,
  };
}

function offsetsOf(body: Buffer, mark: string): number[] {
  const offsets: number[] = [];
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + mark.length)) offsets.push(at);
  return offsets;
}

const randomDigits = Buffer.alloc(32 * 1024);
const hexDigits = Buffer.from("0123456789abcdef");
const hyphens = new Set([8, 13, 18, 23]);
const idPlaces = Array.from({ length: 36 }, (_, i) => i).filter((i) => !hyphens.has(i));

/** Writes unique ids and current times into the template's body. */
export function freshenJson({ body, idOffsets, timeOffsets }: JsonTemplate): Buffer {
  let used = randomDigits.length;
  for (const at of idOffsets) {
    if (used + 32 > randomDigits.length) {
      randomFillSync(randomDigits);
      used = 0;
    }
    for (const place of idPlaces) body[at + place] = hexDigits[randomDigits[used++]! & 15]!;
  }
  const now = Date.now() / 1000;
  for (const [i, at] of timeOffsets.entries()) body.write((now - (i % 2 === 0 ? 1 : 0)).toFixed(6), at, "latin1");
  return body;
}
