import { quoteText } from "./sql.ts";
import { type SpanTable, select } from "./table.ts";

/** A model without a price, and how much it was used. */
export interface UnpricedModel {
  readonly provider: string;
  readonly model: string;
  readonly spans: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** One of the warnings: why there is no price. */
  readonly reason: string;
}

const prefix = "unknown_model_price: ";

/** Models whose spans of some time carry the warning that they have no price; those most used first. */
export async function unpricedModels(
  table: SpanTable,
  filter: { readonly fromMs: number; readonly toMs: number; readonly limit: number },
): Promise<readonly UnpricedModel[]> {
  const at = (ms: number): string => `fromUnixTimestamp64Milli(${Math.trunc(ms)}, 'UTC')`;
  const isWarning = `startsWith(w, ${quoteText(prefix)})`;
  const rows = await select<Readonly<Record<keyof UnpricedModel, string | number>>>(
    table,
    `SELECT toString(Provider) AS provider,
  if(ResponseModel != '', toString(ResponseModel), toString(RequestModel)) AS model,
  count() AS spans,
  sum(ifNull(InputTokens, 0)) AS inputTokens,
  sum(ifNull(OutputTokens, 0)) AS outputTokens,
  any(substring(arrayFirst(w -> ${isWarning}, Warnings), ${prefix.length + 1})) AS reason
FROM ${table.rows}
WHERE Timestamp >= ${at(filter.fromMs)} AND Timestamp < ${at(filter.toMs)}
  AND arrayExists(w -> ${isWarning}, Warnings)
GROUP BY provider, model
ORDER BY inputTokens + outputTokens DESC, provider, model
LIMIT ${filter.limit}`,
  );
  return rows.map(({ provider, model, spans, inputTokens, outputTokens, reason }) => ({
    ...{ provider: String(provider), model: String(model), reason: String(reason) },
    ...{ spans: Number(spans), inputTokens: Number(inputTokens), outputTokens: Number(outputTokens) },
  }));
}
