import { tableExists } from "../../../exporters/clickhouse/schema/migrations.ts";
import { reconcileDay, traceDays } from "../../../exporters/clickhouse/schema/reconcile.ts";
import { unsettleDay } from "../../../exporters/clickhouse/schema/unsettle.ts";
import type { PriceBook } from "../price-book.ts";
import { settleMutations, updatePartition } from "./mutation.ts";
import { ownRows, quoteText, type RowFilter, type StoredModel, StoredPrices } from "./sql.ts";
import { type SpanTable, select } from "./table.ts";

export interface RecomputeOptions extends RowFilter {
  readonly book: PriceBook;
  /** Only say what would change. */
  readonly dryRun: boolean;
  /** Called when a partition is done, with what changed in it. */
  readonly onPartition: (partition: string, changes: readonly ModelChange[]) => void;
}

/** What changes for one model. */
export interface ModelChange {
  readonly provider: string;
  readonly responseModel: string;
  readonly requestModel: string;
  readonly spans: number;
  /** US dollars of these spans, before and after. */
  readonly before: number;
  readonly after: number;
}

/** What was found beside. */
export interface RecomputeResult {
  readonly changes: readonly ModelChange[];
  /** Models without a price, whose spans were left as they are. */
  readonly unpriced: readonly { readonly provider: string; readonly model: string; readonly spans: number }[];
}

/** Models of one statement: enough for most days, and a statement of at most some hundred kilobytes. */
const modelsPerUpdate = 200;

/**
 * Gives stored spans the cost that today's prices say, partition by partition.
 *
 * Rows are updated in place, and only those whose cost would be another: what was done stays done, a run that was stopped is
 * simply run again, and nothing is counted twice at any moment. The rows themselves are the record of progress.
 */
export async function recomputeCosts(table: SpanTable, options: RecomputeOptions): Promise<RecomputeResult> {
  const { book, dryRun, onPartition } = options;
  const total = new Map<string, ModelChange>();
  const unpriced = new Map<string, RecomputeResult["unpriced"][number]>();
  // An update that an earlier run has left behind would be counted as not done yet.
  await settleMutations(table);
  for (const partition of await partitionsOf(table, options)) {
    const models = await modelsOf(table, partition, options);
    const priced: StoredModel[] = [];
    for (const { spans, ...names } of models) {
      const { periods } = book.entryOf(names.provider, names.responseModel, names.requestModel);
      if (periods.some(({ otherUnits }) => otherUnits.length === 0)) priced.push({ ...names, periods });
      else addUnpriced(unpriced, names.provider, names.responseModel || names.requestModel, Number(spans));
    }
    const changes: ModelChange[] = [];
    for (let start = 0; start < priced.length; start += modelsPerUpdate) {
      const prices = new StoredPrices(priced.slice(start, start + modelsPerUpdate));
      const found = await changesOf(table, partition, prices, options);
      if (found.length > 0 && !dryRun) {
        await updatePartition(table, partition, prices.assignments(), prices.changedRows(options));
      }
      changes.push(...found);
    }
    if (!dryRun) await correctRollUp(table, partition);
    for (const change of changes) addChange(total, change);
    onPartition(partition, changes);
  }
  return { changes: [...total.values()], unpriced: [...unpriced.values()] };
}

/**
 * Brings the sums of traces and of hours up to date with the spans of a partition. Done also where nothing has changed: an
 * earlier run may have been stopped between the two.
 */
async function correctRollUp(
  { client, database, ddl, name, traceRollUp }: SpanTable,
  partition: string,
): Promise<void> {
  if (traceRollUp === undefined || !(await tableExists(client, database, traceRollUp))) return;
  const condition = "_partition_id = {partition: String}";
  for (const day of await traceDays(client, ddl, name, condition, { partition })) {
    await reconcileDay(client, ddl, { spans: name, traces: traceRollUp }, day);
    await unsettleDay(client, ddl, day.day);
  }
}

async function partitionsOf(table: SpanTable, filter: RowFilter): Promise<readonly string[]> {
  const rows = await select<{ partition: string }>(
    table,
    `SELECT DISTINCT _partition_id AS partition FROM ${table.rows}\nWHERE ${ownRows(filter)}\nORDER BY partition`,
  );
  return rows.map(({ partition }) => partition);
}

type StoredNames = Omit<StoredModel, "periods">;
const names =
  "toString(Provider) AS provider, toString(ResponseModel) AS responseModel, toString(RequestModel) AS requestModel";
const byNames = "GROUP BY provider, responseModel, requestModel\nORDER BY provider, responseModel, requestModel";
const of = (partition: string): string => `_partition_id = ${quoteText(partition)}`;

function modelsOf(
  table: SpanTable,
  partition: string,
  filter: RowFilter,
): Promise<(StoredNames & { readonly spans: string })[]> {
  return select(
    table,
    `SELECT ${names}, count() AS spans\nFROM ${table.rows}\nWHERE ${of(partition)} AND ${ownRows(filter)}\n${byNames}`,
  );
}

async function changesOf(
  table: SpanTable,
  partition: string,
  prices: StoredPrices,
  filter: RowFilter,
): Promise<readonly ModelChange[]> {
  const rows = await select<StoredNames & Record<"spans" | "before" | "after", number | string>>(
    table,
    `SELECT ${names}, count() AS spans, sum(ifNull(Cost, 0)) AS before, sum(${prices.cost()}) AS after
FROM ${table.rows}\nWHERE ${of(partition)} AND ${prices.changedRows(filter)}\n${byNames}`,
  );
  return rows.map((row) => ({
    ...row,
    spans: Number(row.spans),
    before: Number(row.before),
    after: Number(row.after),
  }));
}

function addChange(changes: Map<string, ModelChange>, change: ModelChange): void {
  const key = [change.provider, change.responseModel, change.requestModel].join("\u0000");
  const known = changes.get(key);
  changes.set(key, {
    ...change,
    spans: change.spans + (known?.spans ?? 0),
    before: change.before + (known?.before ?? 0),
    after: change.after + (known?.after ?? 0),
  });
}

function addUnpriced(
  models: Map<string, RecomputeResult["unpriced"][number]>,
  provider: string,
  model: string,
  spans: number,
): void {
  const key = `${provider}\u0000${model}`;
  models.set(key, { provider, model, spans: spans + (models.get(key)?.spans ?? 0) });
}
