import { type Command, InvalidArgumentError } from "commander";
import { shortened } from "../../processors/cost/shortened.ts";
import type { ModelChange, RecomputeResult } from "../../processors/cost/stored/recompute.ts";
import type { UnpricedModel } from "../../processors/cost/stored/unpriced.ts";
import { clickhouseIn, costConfigIn, loadGiven } from "../configured.ts";
import { type AddCommand, type CommandContext, UsageError } from "../context.ts";
import { dollars, parseTime } from "./price.ts";

interface CostOptions {
  readonly from: number;
  readonly to: number;
  readonly exporter?: string;
  readonly json?: boolean;
}

interface RecomputeOptions extends CostOptions {
  readonly processor?: string;
  readonly dryRun?: boolean;
}

/** `signalbox cost recompute` and `unpriced`: the costs of spans that are stored. */
export const addCost: AddCommand = (program, context) => {
  const cost = program.command("cost").description("costs of spans that are stored in ClickHouse");
  const common = (name: string): Command =>
    cost
      .command(name)
      .requiredOption("--from <time>", "start of the time, such as 2026-08-01 or 2026-08-01T09:00:00Z", parseTime)
      .requiredOption("--to <time>", "end of the time, not included", parseTime)
      .option("--exporter <id>", "clickhouse exporter whose table is meant, when there are several")
      .option("--json", "print the result as JSON");
  common("recompute")
    .description("price stored spans anew by today's prices; costs that clients sent stay as they are")
    .option("--processor <id>", "cost processor whose prices are meant, when there are several")
    .option("--dry-run", "only say what would change")
    .action((options: RecomputeOptions, command: Command) => recompute(context, command, options));
  common("unpriced")
    .description("list the models whose spans have no price, those most used first")
    .option("--limit <models>", "how many to list", parseLimit, 100)
    .action((options: CostOptions & { readonly limit: number }, command: Command) =>
      unpriced(context, command, options),
    );
};

function parseLimit(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("must be a whole number from 1 to 99999.");
}

async function recompute(context: CommandContext, command: Command, options: RecomputeOptions): Promise<void> {
  // Late: no other command needs the list of prices.
  const { withSpanTable } = await import("../../processors/cost/stored/table.ts");
  const { recomputeCosts } = await import("../../processors/cost/stored/recompute.ts");
  const { openPriceBook } = await import("../../processors/cost/price-book.ts");
  checkTimes(options);
  const loaded = await loadGiven(context, command);
  const config = costConfigIn(loaded, options.processor);
  const book = await openPriceBook(config);
  const exporter = clickhouseIn(loaded, options.exporter);
  const { dryRun = false, json = false } = options;
  const result = await withSpanTable(exporter.id, exporter.config, (table) =>
    recomputeCosts(table, {
      ...{ book, dryRun, kinds: config.kinds, fromMs: options.from, toMs: options.to },
      onPartition: (partition, changes) => {
        if (!json) context.out(`partition ${partition}: ${summaryOf(changes, dryRun)}\n`);
      },
    }),
  );
  context.out(json ? `${JSON.stringify(result, null, 2)}\n` : textOf(result, dryRun));
}

function checkTimes({ from, to }: CostOptions): void {
  if (from < to) return;
  throw new UsageError(
    `--to must be after --from, got ${new Date(to).toISOString()} and ${new Date(from).toISOString()}`,
  );
}

function summaryOf(changes: readonly ModelChange[], dryRun: boolean): string {
  const total = (of: (change: ModelChange) => number): number => changes.reduce((sum, change) => sum + of(change), 0);
  const spans = total((change) => change.spans);
  if (spans === 0) return "nothing to change";
  const costs = `$${dollars(total(({ before }) => before))} to $${dollars(total(({ after }) => after))}`;
  return `${spans} spans ${dryRun ? "would change" : "changed"} from ${costs}`;
}

function textOf({ changes, unpriced: without }: RecomputeResult, dryRun: boolean): string {
  const lines = changes.map((change) => {
    const { provider, responseModel, requestModel } = change;
    return `${nameOf(provider, responseModel || requestModel)}: ${summaryOf([change], dryRun)}`;
  });
  for (const { provider, model, spans } of without) {
    lines.push(`${nameOf(provider, model)}: no price, ${spans} spans are left as they are`);
  }
  lines.push(`all: ${summaryOf(changes, dryRun)}`);
  return `${lines.join("\n")}\n`;
}

async function unpriced(
  context: CommandContext,
  command: Command,
  options: CostOptions & { readonly limit: number },
): Promise<void> {
  const { withSpanTable } = await import("../../processors/cost/stored/table.ts");
  const { unpricedModels } = await import("../../processors/cost/stored/unpriced.ts");
  checkTimes(options);
  const exporter = clickhouseIn(await loadGiven(context, command), options.exporter);
  const models = await withSpanTable(exporter.id, exporter.config, (table) =>
    unpricedModels(table, { fromMs: options.from, toMs: options.to, limit: options.limit }),
  );
  context.out(options.json ? `${JSON.stringify(models, null, 2)}\n` : linesOf(models));
}

function linesOf(models: readonly UnpricedModel[]): string {
  if (models.length === 0) return "every model has a price\n";
  return models
    .map(
      ({ provider, model, spans, inputTokens, outputTokens, reason }) =>
        `${nameOf(provider, model)}: ${spans} spans, ${inputTokens} input and ${outputTokens} output tokens; ${plain(reason)}\n`,
    )
    .join("");
}

/** Characters of a name that a line shows; `--json` has it whole. */
const shownCharacters = 128;

function nameOf(provider: string, model: string): string {
  return plain(`${shortened(provider, shownCharacters) || "no provider"} ${shortened(model, shownCharacters)}`);
}

/** Names come from senders: nothing in them may steer a terminal or begin a line. */
function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
