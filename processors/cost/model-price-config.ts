import { z } from "zod";
import { patternText } from "../helper/pattern.ts";

const perMillion = (what: string) => z.number().min(0).optional().describe(`US dollars per million ${what}`);

/** Prices of one length of request. Kinds of tokens without a price cost what the tokens they belong to do. */
const rates = {
  input: perMillion("input tokens."),
  cache_read: perMillion("input tokens read from a cache; left out, they cost what input does."),
  cache_write: perMillion("input tokens written to a cache; left out, they cost what input does."),
  input_audio: perMillion("input tokens of audio; left out, they cost what input does."),
  output: perMillion("output tokens."),
  reasoning: perMillion("output tokens of reasoning; left out, they cost what output does."),
  output_audio: perMillion("output tokens of audio; left out, they cost what output does."),
};

const tierSchema = z.strictObject({
  above_input_tokens: z
    .int()
    .min(1)
    .describe(
      "Input tokens, cached ones included, that a request must exceed; the whole request costs the tier's prices.",
    ),
  ...rates,
});
export type PriceTierConfig = z.output<typeof tierSchema>;

const instant = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** Milliseconds since the epoch. */
const time = z.string().transform((text, context) => {
  const ms = instant.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  const message = "must be a date such as 2026-08-01 (UTC) or a time such as 2026-08-01T09:00:00Z";
  context.issues.push({ code: "custom", message, input: text });
  return z.NEVER;
});

const name = z.string().min(1).max(512).optional();

/** One entry of `models`, in the configuration as in a price file. */
export const modelPriceSchema = z
  .strictObject({
    provider: name.describe("Only spans of this provider, such as openai or aws.bedrock; left out, of any."),
    model: name.describe("The model's name; upper and lower case are the same."),
    prefix: name.describe(
      "The beginning of the model's name, followed by nothing or by a date or version: gpt-4o takes gpt-4o-2024-08-06 and not gpt-4o-mini.",
    ),
    regex: patternText
      .optional()
      .describe("A pattern in RE2 syntax found anywhere in the model's name in lower case; ^ and $ anchor it."),
    ...rates,
    request: z.number().min(0).optional().describe("US dollars per request, besides its tokens."),
    tiers: z
      .array(tierSchema)
      .max(16)
      .default([])
      .describe("Other prices for long requests; a price that a tier leaves out is that of the entry."),
    from: time.optional().describe("Date or time (UTC) of a span's start from which the entry holds."),
    to: time.optional().describe("Date or time (UTC) of a span's start up to which, and no longer at which, it holds."),
  })
  .check((context) => {
    const problem = (message: string, path: PropertyKey[] = []): void => {
      context.issues.push({ code: "custom", message, input: context.value, path });
    };
    const { value } = context;
    const names = (["model", "prefix", "regex"] as const).filter((key) => value[key] !== undefined);
    if (names.length !== 1) problem(`needs one of model, prefix and regex, got ${names.join(" and ") || "none"}`);
    if (value.input === undefined && value.output === undefined && value.request === undefined) {
      problem("needs a price: input, output or request");
    }
    for (const [part, whole] of parts) {
      if (value[part] !== undefined && value[whole] === undefined) problem(`needs ${whole} beside it`, [part]);
    }
    const { from, to } = value;
    if (from !== undefined && to !== undefined && from >= to) problem("must be after from", ["to"]);
  });
export type ModelPriceConfig = z.output<typeof modelPriceSchema>;

const parts = [
  ["cache_read", "input"],
  ["cache_write", "input"],
  ["input_audio", "input"],
  ["reasoning", "output"],
  ["output_audio", "output"],
] as const;

/** The list of a price file. */
export const modelPricesSchema = z.array(modelPriceSchema).max(100_000);
