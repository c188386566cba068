import type { Reading } from "./names.ts";
import type { PricePeriod } from "./price.ts";

/** A list of prices that can be asked. */
export interface PriceList {
  /** Value of `PriceVersion`. */
  readonly version: string;
  /** The prices that hold under any of the readings, sorted by precedence; empty when there are none. */
  find(readings: readonly Reading[]): readonly PricePeriod[];
}
