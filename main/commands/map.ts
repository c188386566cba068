import type { Command } from "commander";
import { parseByteSize } from "../../config/byte-size.ts";
import { loadConfig } from "../../config/load.ts";
import type { GenaiConfig } from "../../processors/genai/config.ts";
import type { ExplainedField, ExplainedSpan } from "../../processors/genai/explain.ts";
import { type AddCommand, type CommandContext, type GlobalOptions, UsageError, warn } from "../context.ts";

interface MapOptions {
  readonly json?: boolean;
  readonly processor?: string;
  readonly maxSize: string;
}

/** `signalbox map`: what the genai processor makes of a span, and why. */
export const addMap: AddCommand = (program, context) => {
  program
    .command("map")
    .description("show what the genai processor makes of spans, in OTLP/JSON on standard input, and by which rules")
    .option("--json", "print JSON instead of text")
    .option("--processor <id>", "with --config: the genai processor whose settings count, when there are several")
    .option("--max-size <size>", "largest input", "16MiB")
    .action(async (options: MapOptions, command: Command) => {
      const maxBytes = parseByteSize(options.maxSize);
      if (maxBytes === undefined) {
        throw new UsageError(`--max-size: must be a size such as 16MiB, got ${JSON.stringify(options.maxSize)}`);
      }
      const config = await configOf(context, command, options);
      const { explainRequest } = await import("../map-request.ts");
      const { spans, rejectReason } = explainRequest(await readInput(context, maxBytes), config);
      if (rejectReason !== "") warn(context, [rejectReason]);
      context.out(options.json === true ? `${JSON.stringify(spans, null, 2)}\n` : spans.map(textOf).join("\n"));
    });
};

async function readInput(context: CommandContext, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of context.input()) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new UsageError(`map: standard input is larger than --max-size ${maxBytes}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function configOf(context: CommandContext, command: Command, { processor }: MapOptions): Promise<GenaiConfig> {
  const { config = [], set = [] } = command.optsWithGlobals<GlobalOptions>();
  if (config.length === 0) {
    if (processor !== undefined) throw new UsageError("map: --processor needs --config");
    const { genaiConfigSchema } = await import("../../processors/genai/config.ts");
    return genaiConfigSchema.parse({});
  }
  const { processors, warnings } = await loadConfig(config, set, context.components, context.env);
  warn(context, warnings);
  const found = [...processors].filter(
    ([id, { factory }]) => factory.type === "genai" && (processor === undefined || id === processor),
  );
  if (found.length === 1) return found[0]![1].config as GenaiConfig;
  if (found.length > 1) {
    throw new UsageError(`map: --processor must say which one: ${found.map(([id]) => id).join(", ")}`);
  }
  throw new UsageError(`map: no genai processor${processor === undefined ? "" : ` "${processor}"`} is configured`);
}

function textOf({ traceId, spanId, name, dialects, isPending, fields }: ExplainedSpan): string {
  const head = `span ${spanId} of trace ${traceId}: ${name}\n`;
  if (isPending) return `${head}  dropped: the preliminary copy of a span that will come\n`;
  const recognised = `  dialects: ${dialects.length === 0 ? "none" : dialects.join(", ")}\n`;
  return head + recognised + fields.map(fieldText).join("");
}

function fieldText({ name, value, rule, note, losers }: ExplainedField): string {
  const by =
    rule === undefined
      ? value === undefined
        ? ""
        : "  (follows from others)"
      : `  <- ${rule.dialect}: ${rule.source}`;
  const shown = value === undefined ? `(${note ?? "no value"})` : shownValue(value);
  const lost = losers.map(({ dialect, source, why }) => `      not ${dialect}: ${source}: ${why}\n`).join("");
  return `  ${name} = ${shown}${by}\n${lost}`;
}

const maxShown = 100;

function shownValue(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > maxShown ? `${text.slice(0, maxShown)}... (${text.length} characters)` : text;
}
