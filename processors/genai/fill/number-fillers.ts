import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { ColumnCache } from "../column-cache.ts";
import type { SpanFacts } from "../engine/span-facts.ts";
import { type Filler, nothing, refuse, type ValueHints } from "./filler.ts";
import { numberFound } from "./number.ts";

function isEmptyText(facts: SpanFacts): boolean {
  return facts.type === ValueType.STRING && facts.word1 === 0;
}

/** Token counts. What is stored is decided later, by all counts of a span. */
export class CountReader implements Filler {
  value = Number.NaN;

  convert(facts: SpanFacts, _hints: ValueHints): boolean {
    if (isEmptyText(facts)) return nothing(facts);
    const count = numberFound(facts);
    if (!Number.isSafeInteger(count) || count < 0) return refuse(facts, "is not a whole number from 0 to 2^53 - 1");
    this.value = count;
    return true;
  }

  store(_facts: SpanFacts): void {}

  describe(_facts: SpanFacts): string {
    return String(this.value);
  }
}

const maxDollars = 1e9;

/** Costs in US dollars. 0 is what some emitters send for models they have no price for: it says nothing. */
export class MoneyReader implements Filler {
  value = Number.NaN;

  convert(facts: SpanFacts, _hints: ValueHints): boolean {
    if (isEmptyText(facts)) return nothing(facts);
    const dollars = numberFound(facts);
    if (!(dollars >= 0 && dollars <= maxDollars)) return refuse(facts, `is not a number from 0 to ${maxDollars}`);
    if (dollars === 0) return nothing(facts);
    this.value = dollars;
    return true;
  }

  store(_facts: SpanFacts): void {}

  describe(_facts: SpanFacts): string {
    return String(this.value);
  }
}

const nanosPer = { s: 1e9, ms: 1e6, ns: 1 } as const;
const dayNanos = 86_400e9;

/** `TimeToFirstToken`, from durations and instants. */
export class DurationFiller implements Filler {
  value = Number.NaN;
  readonly #column = new ColumnCache("TimeToFirstToken");

  convert(facts: SpanFacts, { unit = "s" }: ValueHints): boolean {
    if (isEmptyText(facts)) return nothing(facts);
    const nanos = unit === "time" ? sinceStart(facts) : durationNanos(facts, unit);
    if (!(nanos >= 0 && nanos <= dayNanos)) return refuse(facts, "is not a time from 0 to 24 h after the start");
    this.value = Math.round(nanos);
    return true;
  }

  store(facts: SpanFacts): void {
    this.#column.of(facts).set(facts.row, this.value);
  }

  describe(_facts: SpanFacts): string {
    return String(this.value);
  }
}

/** Some emitters send milliseconds under a name that means seconds: it shows when the span did not last that long. */
function durationNanos(facts: SpanFacts, unit: keyof typeof nanosPer): number {
  const number = numberFound(facts);
  const nanos = number * nanosPer[unit];
  if (unit !== "s") return nanos;
  const { startTimeUnixNano: start, endTimeUnixNano: end } = facts.batch;
  const { row } = facts;
  const lasted = (end[2 * row + 1]! - start[2 * row + 1]!) * 0x100000000 + (end[2 * row]! - start[2 * row]!);
  return nanos > lasted && number * nanosPer.ms <= lasted ? number * nanosPer.ms : nanos;
}

/** Nanoseconds from the start of the span to the instant found: ISO 8601, or a number since 1970 of plausible size. */
function sinceStart(facts: SpanFacts): number {
  const { startTimeUnixNano: start } = facts.batch;
  const startMs = (start[2 * facts.row + 1]! * 0x100000000 + start[2 * facts.row]!) / 1e6;
  const number = numberFound(facts);
  const ms = Number.isNaN(number) ? parseInstant(facts) : toMilliseconds(number);
  return (ms - startMs) * 1e6;
}

function parseInstant(facts: SpanFacts): number {
  if (facts.type !== ValueType.STRING || facts.word1 > 64) return Number.NaN;
  const text = facts.text.trim().replace(/^"|"$/g, "");
  // Without a zone it is UTC; Date.parse would take the machine's.
  return Date.parse(/(?:[zZ]|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
}

/** Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size. */
function toMilliseconds(number: number): number {
  if (number < 1e11) return number * 1e3;
  if (number < 1e14) return number;
  return number < 1e17 ? number / 1e3 : number / 1e6;
}
