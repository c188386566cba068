import { type Command, InvalidArgumentError } from "commander";
import type { PriceExplanation, PriceQuestion } from "../../processors/cost/explain.ts";
import { costConfigOf } from "../configured.ts";
import type { AddCommand } from "../context.ts";

interface PriceOptions {
  readonly provider: string;
  readonly model: string;
  readonly requestModel: string;
  readonly input?: number;
  readonly output?: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  readonly inputAudio?: number;
  readonly reasoning?: number;
  readonly outputAudio?: number;
  readonly at?: number;
  readonly processor?: string;
  readonly json?: boolean;
}

/** `signalbox price`: what a call would cost, and why. */
export const addPrice: AddCommand = (program, context) => {
  program
    .command("price")
    .description(
      "explain step by step what a call of a model costs; with --config, by the prices of its cost processor",
    )
    .requiredOption("--model <name>", "model as a span names it, that of the response first of all")
    .option("--provider <name>", "provider as a span names it", "")
    .option("--request-model <name>", "model that was asked for, where it differs", "")
    .option("--input <tokens>", "input tokens, cached and audio ones included", count)
    .option("--output <tokens>", "output tokens, reasoning and audio included", count)
    .option("--cache-read <tokens>", "input tokens read from a cache", count)
    .option("--cache-write <tokens>", "input tokens written to a cache", count)
    .option("--input-audio <tokens>", "input tokens of audio", count)
    .option("--reasoning <tokens>", "output tokens of reasoning", count)
    .option("--output-audio <tokens>", "output tokens of audio", count)
    .option("--at <time>", "when the call starts, such as 2026-08-01T09:00:00Z; now when left out", parseTime)
    .option("--processor <id>", "cost processor whose prices are meant, when there are several")
    .option("--json", "print the explanation as JSON")
    .action(async (options: PriceOptions, command: Command) => {
      // Late: no other command needs the list of prices.
      const { explainPrice } = await import("../../processors/cost/explain.ts");
      const { openPriceBook } = await import("../../processors/cost/price-book.ts");
      const book = await openPriceBook(await costConfigOf(context, command, options.processor));
      const question = questionOf(options);
      const explanation = explainPrice(book, question);
      context.out(options.json ? `${JSON.stringify(explanation, null, 2)}\n` : textOf(question, explanation));
    });
};

function count(text: string): number {
  const tokens = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(tokens) && tokens >= 0) return tokens;
  throw new InvalidArgumentError("must be a whole number, 0 or more.");
}

/** A date, which begins at midnight UTC, or a time with its zone, in milliseconds since the epoch. */
export function parseTime(text: string): number {
  const form = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;
  const ms = form.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new InvalidArgumentError("must be a date such as 2026-08-01 (UTC) or a time such as 2026-08-01T09:00:00Z.");
}

function questionOf(options: PriceOptions): PriceQuestion {
  const { input = Number.NaN, output = Number.NaN, cacheRead = 0, cacheWrite = 0 } = options;
  const { inputAudio = 0, reasoning = 0, outputAudio = 0 } = options;
  return {
    provider: options.provider,
    responseModel: options.model,
    requestModel: options.requestModel,
    usage: { input, cacheRead, cacheWrite, inputAudio, output, reasoning, outputAudio },
    timeMs: options.at ?? Date.now(),
  };
}

function textOf({ timeMs }: PriceQuestion, { lists, price, warnings }: PriceExplanation): string {
  const lines: string[] = [];
  for (const model of new Set(lists.map((answer) => answer.model))) {
    lines.push(`names tried for "${model}":`);
    const readings = lists.find((answer) => answer.model === model)?.readings ?? [];
    for (const reading of readings) {
      lines.push(`  ${reading.provider || "any provider"}: ${reading.model} (${reading.via})`);
    }
  }
  lines.push("prices found, the first that holds is used:");
  for (const { list, model, entries } of lists) {
    if (entries.length === 0) lines.push(`  ${list}: none for "${model}"`);
    for (const { match, via, times } of entries) lines.push(`  ${list}: ${match}, ${via}; ${times}`);
  }
  const time = new Date(timeMs).toISOString();
  for (const warning of warnings) lines.push(`warning: ${warning}`);
  if (price === undefined) return `${[...lines, `no price at ${time}`].join("\n")}\n`;
  const tier = price.tier === "" ? "" : `, tier "${price.tier}"`;
  lines.push(`used at ${time}: ${price.version}: ${price.match}${tier}`);
  for (const { what, count: number, price: each, cost } of price.lines) {
    const unit = what === "requests" ? "each" : "per million";
    lines.push(`  ${what}: ${number} at $${each} ${unit} = $${dollars(cost)}`);
  }
  lines.push(`input $${dollars(price.input)}, output $${dollars(price.output)}, total $${dollars(price.total)}`);
  return `${lines.join("\n")}\n`;
}

/** Without the noise of binary fractions; never in exponents. */
export function dollars(amount: number): string {
  const text = amount.toFixed(12).replace(/\.?0+$/, "");
  return text === "" ? "0" : text;
}
