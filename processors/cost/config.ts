import { z } from "zod";
import { byteSize } from "../../config/byte-size.ts";
import { durationMs } from "../../config/duration.ts";
import { modelPricesSchema } from "./model-price-config.ts";

const priceFileSchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe("YAML or JSON file: a list of entries as under models, or a map whose key models has it."),
  poll_interval: durationMs
    .prefault("10s")
    .describe(
      "How often the file is looked at; a change that will not do leaves the last good prices. 0 never looks again.",
    ),
  settle_time: durationMs
    .prefault("200ms")
    .describe("How long a changed file must stay as it is before it is used: half a list looks like a shorter one."),
  max_size: byteSize.prefault("16MiB").describe("Bytes of the file; a larger one is not read."),
});
export type PriceFileConfig = z.output<typeof priceFileSchema>;

export const costConfigSchema = z.strictObject({
  kinds: z
    .array(z.string().min(1))
    .min(1)
    .default(["llm", "embedding", "reranker", "image", "tts", "stt", "realtime"])
    .describe(
      "Values of OperationKind that are priced. Agents and chains are not: they repeat what the calls within them used.",
    ),
  models: modelPricesSchema
    .default([])
    .describe("Prices that go before all others: exact names, then the longest prefix, then the first pattern."),
  price_file: priceFileSchema.optional().describe("A file with more prices, after models and before the default ones."),
  default_prices: z
    .boolean()
    .default(true)
    .describe("Use the prices of the package @pydantic/genai-prices for models that are not listed."),
  aliases: z
    .record(z.string().min(1), z.string().min(1))
    .default({})
    .describe(
      "Names of models that mean another one: ARNs of Bedrock's application inference profiles, Azure's deployments.",
    ),
  cache_size: z
    .int()
    .min(16)
    .max(1_000_000)
    .default(4096)
    .describe("Combinations of provider and model whose prices are remembered."),
  max_name_length: z
    .int()
    .min(16)
    .max(4096)
    .default(512)
    .describe("Characters of a model's or provider's name that is looked up; a longer one has no price."),
  max_unpriced_models: z
    .int()
    .min(0)
    .max(100_000)
    .default(200)
    .describe("Models without a price that the log and the metric name; further ones are counted as _other."),
});
export type CostConfig = z.output<typeof costConfigSchema>;
