import { z } from "zod";
import { durationMs } from "../../config/duration.ts";
import { secret } from "../../config/secret.ts";
import { InPlaceProcessor } from "../../processors/helper/in-place.ts";
import type { Settings } from "../component.ts";
import { PermanentError, RetryableError } from "../errors.ts";
import type { ProcessorFactory } from "../factory.ts";
import type { SpanBatch } from "../span-batch/span-batch.ts";

/** A processor that is one function over batches of spans. */
export interface SpanProcessorDefinition<Config> {
  /** The name in YAML, in snake_case. */
  readonly type: string;
  /** One sentence. */
  readonly description: string;
  /** The only place of defaults and bounds; a processor without keys leaves it out. */
  readonly configSchema?: z.ZodType<Config>;
  /**
   * Called once at start.
   *
   * @returns what is done with each batch: change, drop or annotate spans in place. A promise is waited for.
   */
  create(config: Config, settings: Settings): (batch: SpanBatch) => void | Promise<void>;
}

/** Makes a component of a function. */
export function defineSpanProcessor<Config = Record<string, never>>(
  definition: SpanProcessorDefinition<Config>,
): ProcessorFactory<Config, SpanBatch> {
  const { type, description } = definition;
  return {
    type,
    description,
    stability: "development",
    signals: ["traces"],
    // Without keys, the configuration is an empty object, which is what `Config` is then.
    configSchema: definition.configSchema ?? (z.strictObject({}) as unknown as z.ZodType<Config>),
    create: (config, next, settings) => new InPlaceProcessor(definition.create(config, settings), next, settings),
  };
}

/** What Signalbox offers to plugins. */
export const pluginApi = { defineSpanProcessor, z, durationMs, secret, PermanentError, RetryableError } as const;
export type PluginApi = typeof pluginApi;
