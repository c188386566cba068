import type { Clock } from "../exporters/helper/clock.ts";
import { decodeTracesProtobuf } from "../otlp/decode-protobuf.ts";
import { releaseBatch } from "../pipeline/span-batch/batch-pool.ts";
import { takeBuffer } from "../pipeline/span-batch/buffer-pool.ts";
import { tailSamplingConfigSchema } from "../processors/tail_sampling/config.ts";
import { TailSamplingProcessor } from "../processors/tail_sampling/processor.ts";
import { testSettings } from "../test/support/doubles.ts";
import { freshen, makeTemplate, type TrafficTemplate } from "./traffic.ts";

const spansPerRequest = 1000;
const openTraces = 10_000;
const spansPerTrace = 20;
const decisionWaitMs = 30_000;

/** A clock that goes on with the traffic: as many traces are open as the figure wants, however fast the machine is. */
class TrafficClock implements Clock {
  #now = 0;
  #timers: { readonly at: number; readonly action: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  sleep(): Promise<void> {
    return Promise.resolve();
  }

  schedule(ms: number, action: () => void): () => void {
    const timer = { at: this.#now + ms, action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  moveTo(ms: number): void {
    this.#now = ms;
    for (let due = this.#takeDue(); due.length > 0; due = this.#takeDue()) for (const { action } of due) action();
  }

  #takeDue(): readonly { readonly action: () => void }[] {
    const due = this.#timers.filter(({ at }) => at <= this.#now);
    this.#timers = this.#timers.filter(({ at }) => at > this.#now);
    return due;
  }
}

/** Gives the spans of a body trace ids, each one of `openTraces` that slide on so that a trace has `spansPerTrace`. */
function spread(template: TrafficTemplate, body: Uint8Array, firstSpan: number): void {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  for (let i = 0; i < template.spans; i++) {
    const trace = Math.floor((firstSpan + i) / spansPerTrace) + Math.floor(Math.random() * openTraces);
    const at = template.idOffsets[i]!;
    for (let word = 0; word < 4; word++) {
      view.setUint32(at + 4 * word, Math.imul(trace + 1, 0x9e3779b1 + 0x6d2b79f4 * word) ^ (trace >>> word));
    }
  }
}

const policies = [
  {
    name: "long prompts",
    type: "numeric_attribute",
    numeric_attribute: { key: "gen_ai.usage.input_tokens", min_value: 4190 },
  },
  { name: "slow", type: "latency", latency: { threshold_ms: 5000 } },
  {
    name: "refunds",
    type: "string_attribute",
    string_attribute: { key: "http.route", values: ["/nothing", "/never/:id"] },
  },
  { name: "some", type: "probabilistic", probabilistic: { sampling_percentage: 10 } },
];

/**
 * Tail sampling with 4 policies and 10,000 open traces of 20 spans, on one core, decoding not counted.
 *
 * @returns spans per second of processor time in the second half of the run; and what is held in memory over what the held
 * spans fill, and over the bytes of OTLP they came as, at worst
 */
export async function tail(requests = 1200): Promise<{
  readonly spans_per_second: number;
  readonly bytes_ratio: number;
  readonly otlp_bytes_ratio: number;
  readonly kept_share: number;
}> {
  const clock = new TrafficClock();
  let kept = 0;
  const next = {
    consume: async (batch: Parameters<typeof releaseBatch>[0]): Promise<void> => {
      kept += batch.itemCount;
      releaseBatch(batch);
    },
  };
  const settings = testSettings({ id: "tail_sampling", acknowledge: "received" });
  const config = tailSamplingConfigSchema.parse({ policies, max_bytes: "1GiB" });
  const processor = new TailSamplingProcessor(config, next, settings, clock);
  await processor.start();
  const templates = Array.from({ length: 8 }, (_, seed) => makeTemplate(spansPerRequest, seed));
  for (const template of templates) freshen(template);
  const otlpBytes = templates.reduce((sum, { body }) => sum + body.length, 0) / (templates.length * spansPerRequest);
  let busyMs = 0;
  let [bytesRatio, otlpBytesRatio] = [0, 0];
  for (let i = 0; i < requests; i++) {
    const template = templates[i % templates.length]!;
    const body = takeBuffer(template.body.length);
    body.set(template.body);
    spread(template, body, i * spansPerRequest);
    const { batch } = decodeTracesProtobuf(body);
    const before = process.cpuUsage();
    await processor.consume(batch);
    clock.moveTo(((i + 1) * spansPerRequest * decisionWaitMs) / (openTraces * spansPerTrace));
    // What was kept is handed on in between.
    await new Promise((resolve) => setImmediate(resolve));
    if (i < requests / 2) continue;
    const { user, system } = process.cpuUsage(before);
    busyMs += (user + system) / 1000;
    const { bytes, spanBytes, spans } = processor.held();
    bytesRatio = Math.max(bytesRatio, bytes / spanBytes);
    otlpBytesRatio = Math.max(otlpBytesRatio, bytes / (spans * otlpBytes));
  }
  const spansPerSecond = Math.round(((requests - Math.ceil(requests / 2)) * spansPerRequest * 1000) / busyMs);
  await processor.shutdown(AbortSignal.timeout(10_000));
  return {
    spans_per_second: spansPerSecond,
    bytes_ratio: bytesRatio,
    otlp_bytes_ratio: otlpBytesRatio,
    kept_share: kept / (requests * spansPerRequest),
  };
}
