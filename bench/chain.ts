import { BlockBuilder } from "../exporters/clickhouse/block.ts";
import { blockBoundsOf, insertSchema, sendingQueueSchema } from "../exporters/clickhouse/queue-config.ts";
import { decodeTracesProtobuf } from "../otlp/decode-protobuf.ts";
import type { Consumer } from "../pipeline/component.ts";
import { loadComponents } from "../pipeline/components.ts";
import { releaseBatch } from "../pipeline/span-batch/batch-pool.ts";
import { takeBody } from "../pipeline/span-batch/buffer-pool.ts";
import type { SpanBatch } from "../pipeline/span-batch/span-batch.ts";
import { testSettings } from "../test/support/doubles.ts";
import { ai, pictures } from "./ai-traffic.ts";
import { median } from "./median.ts";
import { freshen, makeTemplate, type SpanMaker } from "./traffic.ts";

/** Processors by type, with their configuration, in order. */
type Chain = readonly (readonly [type: string, config: object])[];

/** The chain that the figures `chain_mix` and `chain_ai` are of; ten rules of signals. */
export const fullChain: Chain = [
  ["genai", {}],
  ["cost", {}],
  ["images", {}],
  [
    "signals",
    {
      rule_sets: [
        "refusal",
        "empty_output",
        "truncated_output",
        "tool_error",
        "slow_first_token",
        "cost_spike",
        "tool_loop",
        "pii",
      ],
      rules: [
        {
          id: "angry",
          name: "angry_user",
          when: {
            all: [
              { field: "OperationKind", equals: "llm" },
              { field: "Input", contains_any: ["refund now", "lawyer"] },
            ],
          },
        },
        {
          id: "expensive",
          name: "expensive",
          when: {
            all: [
              { field: "OperationKind", equals: "llm" },
              { field: "Cost", gt: 0.5 },
            ],
          },
        },
      ],
    },
  ],
  ["probabilistic_sampler", { sampling_percentage: 100, mode: "proportional" }],
];

const { processors } = await loadComponents();
const settings = testSettings({ id: "bench" });

/** Joins processors to a chain that ends in `last`. */
export function chainInto(last: Consumer<SpanBatch>, chain: Chain): Consumer<SpanBatch> {
  return chain.reduceRight<Consumer<SpanBatch>>((next, [type, config]) => {
    const factory = processors.find((one) => one.type === type);
    if (factory === undefined) throw new Error(`bench: no processor ${type}`);
    return factory.create(factory.configSchema.parse(config), next, settings);
  }, last);
}

/** Encodes what it gets to Native blocks as large as the exporter's, which nobody reads. */
function nativeSink(): Consumer<SpanBatch> {
  const builder = new BlockBuilder();
  const { maxRows, maxBytes } = blockBoundsOf(insertSchema.parse({}), sendingQueueSchema.parse({}));
  return {
    consume: async (batch) => {
      builder.append(batch);
      if (builder.rows >= maxRows || builder.bytes >= maxBytes) builder.finish().recycle();
      // As the exporter does: the columns are used again.
      releaseBatch(batch);
    },
  };
}

/** A body in a buffer of the pool, where receivers put what they read; copying it is part of the figure. */
function received(body: Buffer): Uint8Array {
  const buffer = takeBody(body.length);
  buffer.set(body);
  return buffer;
}

const rounds = 5;

async function spansPerSecond(
  makers: readonly SpanMaker[] | undefined,
  chain: Chain,
  spansPerRequest = 1000,
): Promise<number> {
  const bodies = Array.from({ length: 8 }, (_, seed) => freshen(makeTemplate(spansPerRequest, seed, makers)));
  const first = chainInto(nativeSink(), chain);
  const rates: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const began = performance.now();
    let requests = 0;
    for (; performance.now() - began < 1000; requests++) {
      await first.consume(decodeTracesProtobuf(received(bodies[requests % 8]!)).batch);
    }
    if (round > 0) rates.push((requests * spansPerRequest * 1000) / (performance.now() - began));
  }
  return median(rates);
}

/** What a chain came to, and what each of its processors took, in microseconds a span: the chain with and without it. */
export interface ChainResult {
  readonly spans_per_second: number;
  readonly microseconds: Readonly<Record<string, number>>;
}

async function chainOver(makers: readonly SpanMaker[] | undefined): Promise<ChainResult> {
  const microseconds: Record<string, number> = {};
  let before = 1e6 / (await spansPerSecond(makers, []));
  microseconds["decode_encode"] = before;
  for (let count = 1; count <= fullChain.length; count++) {
    const after = 1e6 / (await spansPerSecond(makers, fullChain.slice(0, count)));
    microseconds[fullChain[count - 1]![0]] = after - before;
    before = after;
  }
  return { spans_per_second: Math.round(1e6 / before), microseconds };
}

/** Decoding, the whole chain and encoding, on one core, over the standard mix. */
export const chainMix = (): Promise<ChainResult> => chainOver(undefined);

/** The same over LLM chats of about 2 KB in five dialects. */
export const chainAi = (): Promise<ChainResult> => chainOver(ai);

/** Microseconds a span through the whole chain, over both kinds of traffic, in requests of 10 and of 100 spans. */
export async function chainSmall(): Promise<Readonly<Record<"mix" | "ai", Readonly<Record<string, number>>>>> {
  const times = async (makers: readonly SpanMaker[] | undefined): Promise<Readonly<Record<string, number>>> => {
    const found: Record<string, number> = {};
    for (const spans of [10, 100]) found[spans] = 1e6 / (await spansPerSecond(makers, fullChain, spans));
    return found;
  };
  return { mix: await times(undefined), ai: await times(ai) };
}

/** Megabytes (10^6) of base64 a second that are found, decoded, hashed and replaced, in spans with a PNG of 1 MB each. */
export async function images(): Promise<{ base64_mb_per_second: number }> {
  const pictureBytes = 1_000_000;
  const spans = 8;
  const bodies = Array.from({ length: 4 }, (_, seed) => freshen(makeTemplate(spans, seed, pictures(pictureBytes))));
  let found = 0;
  const sink: Consumer<SpanBatch> = {
    consume: async (batch) => {
      found += batch.attachments.length;
      releaseBatch(batch);
    },
  };
  const first = chainInto(sink, [["images", {}]]);
  const rates: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    let spent = 0;
    let requests = 0;
    for (; spent < 1000; requests++) {
      const { batch } = decodeTracesProtobuf(received(bodies[requests % 4]!));
      const began = performance.now();
      await first.consume(batch);
      spent += performance.now() - began;
    }
    if (found !== requests * spans) throw new Error(`bench: ${found} pictures found of ${requests * spans}`);
    found = 0;
    if (round > 0) rates.push((requests * spans * Math.ceil(pictureBytes / 3) * 4) / 1000 / spent);
  }
  return { base64_mb_per_second: median(rates) };
}
