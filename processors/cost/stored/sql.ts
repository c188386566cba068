import { dayMs, hasHours, type PricePeriod, type PriceTier, type PriceVector } from "../price.ts";
import { clientVersion } from "../pricing-run.ts";

/** A model as the rows of a table name it, and the prices that it has today. */
export interface StoredModel {
  readonly provider: string;
  readonly responseModel: string;
  readonly requestModel: string;
  /** Sorted by precedence; at least one. */
  readonly periods: readonly PricePeriod[];
}

/** Which rows a repricing looks at. */
export interface RowFilter {
  /** Milliseconds since the epoch, from `fromMs` to before `toMs`. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly kinds: readonly string[];
}

/** A text in quotes, whatever it holds. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

const list = (items: readonly (string | number)[]): string => `[${items.join(", ")}]`;
/** With a point, so that a list of whole prices is one of doubles, too. */
const float = (value: number): string => (Number.isInteger(value) && value < 1e15 ? value.toFixed(1) : String(value));

const unknownWarning = (warning: string): string => `startsWith(${warning}, 'unknown_model_price: ')`;

/** Rows of the time and kinds whose cost is ours to say: those that no client has priced, and whose usage made sense. */
export function ownRows({ fromMs, toMs, kinds }: RowFilter): string {
  const at = (ms: number): string => `fromUnixTimestamp64Milli(${Math.trunc(ms)}, 'UTC')`;
  return [
    `Timestamp >= ${at(fromMs)} AND Timestamp < ${at(toMs)}`,
    `OperationKind IN (${kinds.map(quoteText).join(", ")})`,
    "(ResponseModel != '' OR RequestModel != '')",
    `PriceVersion != ${quoteText(clientVersion)}`,
    // A cost without a version came from the sender, before a processor could say so.
    `(PriceVersion != '' OR Cost IS NULL OR arrayExists(w -> ${unknownWarning("w")}, Warnings))`,
    "NOT arrayExists(w -> startsWith(w, 'invalid_usage: '), Warnings)",
  ].join("\n  AND ");
}

/** A tier of a period of some models, and the number by which the statement speaks of it. */
interface Slot {
  readonly number: number;
  readonly period: PricePeriod;
  readonly tier: PriceTier;
}

// Tokens as the row has them, and made to fit each other as `settleUsage` does.
const sent = (name: string): string => `toFloat64(ifNull(${name}, 0))`;
const cached = `(${sent("CacheReadTokens")} + ${sent("CacheWriteTokens")})`;
const input = `(${sent("InputTokens")} + if(${cached} > ${sent("InputTokens")}, ${cached}, 0.0))`;
const inputAudio = `least(${sent("InputAudioTokens")}, ${input} - ${cached})`;
const output = `(${sent("OutputTokens")} + if(${sent("ReasoningTokens")} > ${sent("OutputTokens")}, ${sent("ReasoningTokens")}, 0.0))`;
const outputAudio = `least(${sent("OutputAudioTokens")}, ${output} - ${sent("ReasoningTokens")})`;

/**
 * Says in SQL what `chargeOf` and `periodAt` compute, for the models of some rows at once: the test of random rows holds the
 * two together. Plain expressions with the prices as constants, so that a replica that runs the statement later needs no
 * other table.
 */
export class StoredPrices {
  readonly #slots: Slot[] = [];
  readonly #slotsOf: readonly (readonly Slot[])[];
  readonly #models: readonly StoredModel[];

  constructor(models: readonly StoredModel[]) {
    this.#models = models;
    this.#slotsOf = models.map(({ periods }) => periods.flatMap((period) => this.#add(period)));
  }

  /** Rows of these models that would cost something else than they do. */
  changedRows(filter: RowFilter): string {
    const different = (column: string, value: string): string =>
      `ifNull(abs(${column} - ${value}) > 1e-12 * greatest(abs(${column}), ${value}), 1)`;
    const total = "(c.1 + c.2 + c.3)";
    return [
      ownRows(filter),
      this.#isModel(),
      `${this.#slot()} > 0`,
      `(InputTokens IS NOT NULL OR OutputTokens IS NOT NULL OR ${this.#slot()} IN (${list(this.#perRequest()).slice(1, -1)}))`,
      `arrayExists(c -> ${different("Cost", total)} OR ${different("InputCost", "c.1")} OR ${different("OutputCost", "c.2")}, [${this.#charge()}])`,
    ].join("\n  AND ");
  }

  /** The new `Cost`. */
  cost(): string {
    return `arrayMap(c -> c.1 + c.2 + c.3, [${this.#charge()}])[1]`;
  }

  /** What follows UPDATE. */
  assignments(): string {
    const texts = (of: (slot: Slot) => string): string =>
      `transform(${this.#slot()}, ${list(this.#numbers())}, ${list(this.#slots.map((slot) => quoteText(of(slot))))}, '')`;
    return [
      `Cost = ${this.cost()}`,
      `InputCost = ${this.#charge()}.1`,
      `OutputCost = ${this.#charge()}.2`,
      `PriceVersion = ${texts(({ period }) => period.source.version)}`,
      `PriceTier = ${texts(({ tier }) => tier.label)}`,
      `Warnings = arrayFilter(w -> NOT ${unknownWarning("w")}, Warnings)`,
    ].join(",\n  ");
  }

  #add(period: PricePeriod): readonly Slot[] {
    // As good as no price, while it holds.
    if (period.otherUnits.length > 0) return [{ number: 0, period, tier: period.tiers[0] }];
    return period.tiers.map((tier) => {
      const known = this.#slots.find(
        (slot) =>
          slot.tier === tier || (sameTier(slot.tier, tier) && slot.period.source.version === period.source.version),
      );
      const number = known?.number ?? this.#slots.length + 1;
      const slot = { number, period, tier };
      if (known === undefined) this.#slots.push(slot);
      return slot;
    });
  }

  #numbers(): readonly number[] {
    return this.#slots.map(({ number }) => number);
  }

  #perRequest(): readonly number[] {
    const found = this.#slots.filter(
      ({ tier: { prices } }) => prices.request > 0 && prices.input === 0 && prices.output === 0,
    );
    return found.length === 0 ? [0] : found.map(({ number }) => number);
  }

  #isModel(): string {
    const models = this.#models.map(
      ({ provider, responseModel, requestModel }) =>
        `(${[provider, responseModel, requestModel].map(quoteText).join(", ")})`,
    );
    return `(Provider, ResponseModel, RequestModel) IN (${models.join(", ")})`;
  }

  /**
   * The number of the slot by which a row is priced; 0 for none. `m` is the number of the row's model, `i` its input tokens,
   * `t` its start. The n-th choices of all models are asked together: that is a look-up or two for each n, however many
   * models there are.
   */
  #slot(): string {
    const choices = this.#slotsOf.map((slots, index) => choicesOf(index + 1, slots));
    const most = Math.max(...choices.map(({ length }) => length));
    const branches = Array.from({ length: most }, (_, n) => {
      const nth = choices.flatMap((list) => list.slice(n, n + 1));
      const models = list(nth.map(({ model }) => model));
      const by = (of: (choice: Choice) => string, otherwise: string): string =>
        `transform(m, ${models}, ${list(nth.map(of))}, ${otherwise})`;
      const conditions = [`i > ${by(({ above }) => float(above), "1e300")}`];
      if (nth.some(({ from }) => from !== earliest)) conditions.push(`t >= ${by(({ from }) => from, earliest)}`);
      if (nth.some(({ to }) => to !== latest)) conditions.push(`t < ${by(({ to }) => to, latest)}`);
      if (nth.some(({ dayLength }) => dayLength !== dayMs)) {
        const sinceStart = `(intDiv(t, 1000000) + ${dayMs} - ${by(({ dayFrom }) => String(dayFrom), "0")}) % ${dayMs}`;
        conditions.push(`${sinceStart} < ${by(({ dayLength }) => String(dayLength), String(dayMs))}`);
      }
      return `${conditions.join(" AND ")}, ${by(({ slot }) => String(slot), "0")}`;
    });
    const bound = `[${this.#model()}], [${input}], [toUnixTimestamp64Nano(Timestamp)]`;
    return `arrayMap((m, i, t) -> multiIf(${branches.join(", ")}, 0), ${bound})[1]`;
  }

  /** The number of a row's model, from 1 on. */
  #model(): string {
    const key = "concat(Provider, '\\0', ResponseModel, '\\0', RequestModel)";
    const keys = this.#models.map(({ provider, responseModel, requestModel }) =>
      quoteText(`${provider}\u0000${responseModel}\u0000${requestModel}`),
    );
    return `transform(toString(${key}), ${list(keys)}, ${list(keys.map((_, index) => index + 1))}, 0)`;
  }

  /** Input and output cost and the price of the request, as a tuple. */
  #charge(): string {
    const price = (of: keyof PriceVector): string => {
      const prices = this.#slots.map(({ tier }) => tier.prices[of]);
      // Most lists have few distinct prices; one for all needs no look-up.
      if (new Set(prices).size === 1) return float(prices[0]!);
      return `transform(s, ${list(this.#numbers())}, ${list(prices.map(float))}, 0.0)`;
    };
    const sum = (terms: readonly string[]): string => `(${terms.join(" + ")}) / 1e6`;
    const inputCost = sum([
      `(${input} - ${cached} - ${inputAudio}) * ${price("input")}`,
      `${sent("CacheReadTokens")} * ${price("cacheRead")}`,
      `${sent("CacheWriteTokens")} * ${price("cacheWrite")}`,
      `${inputAudio} * ${price("inputAudio")}`,
    ]);
    const outputCost = sum([
      `(${output} - ${sent("ReasoningTokens")} - ${outputAudio}) * ${price("output")}`,
      `${sent("ReasoningTokens")} * ${price("reasoning")}`,
      `${outputAudio} * ${price("outputAudio")}`,
    ]);
    return `arrayMap(s -> (${inputCost}, ${outputCost}, ${price("request")}), [${this.#slot()}])[1]`;
  }
}

/** When a slot is the price of a model. Times are 64-bit integers in nanoseconds, as text; days in milliseconds. */
interface Choice {
  readonly model: number;
  readonly slot: number;
  readonly above: number;
  readonly from: string;
  readonly to: string;
  readonly dayFrom: number;
  readonly dayLength: number;
}

const earliest = "-9000000000000000000";
const latest = "9000000000000000000";

/** The slots of one model in the order in which they are asked: within a period the longest requests first. */
function choicesOf(model: number, slots: readonly Slot[]): Choice[] {
  const periods = [...new Set(slots.map(({ period }) => period))];
  return periods.flatMap((period) => {
    const { fromMs, toMs, dayFromMs, dayToMs } = period;
    const times = {
      from: fromMs === Number.NEGATIVE_INFINITY ? earliest : `${Math.trunc(fromMs)}000000`,
      to: toMs === Number.POSITIVE_INFINITY ? latest : `${Math.trunc(toMs)}000000`,
      dayFrom: dayFromMs,
      dayLength: hasHours(period) ? (dayToMs - dayFromMs + dayMs) % dayMs : dayMs,
    };
    return slots
      .filter((slot) => slot.period === period)
      .map(({ number, tier }) => ({ model, slot: number, above: tier.above, ...times }))
      .reverse();
  });
}

function sameTier(one: PriceTier, other: PriceTier): boolean {
  if (one.label !== other.label) return false;
  return (Object.keys(one.prices) as (keyof PriceVector)[]).every((key) => one.prices[key] === other.prices[key]);
}
