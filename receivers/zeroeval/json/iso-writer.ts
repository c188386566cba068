import { isoText } from "../read/times.ts";
import type { JsonOutput } from "./output.ts";

/** Nanoseconds in a double are exact up to 2^53, so that times are taken apart in two halves. */
const highUnit = 2 ** 32;

/** Writes times: ISO 8601 in UTC, to the microsecond, in quotes. Spans of one moment have all but the last digits in common. */
export class IsoWriter {
  #second = -1;
  /** From the quote to the point. */
  #text = "";

  /** @param low half of the nanoseconds since the Unix epoch */
  write(output: JsonOutput, low: number, high: number): void {
    const top = high * highUnit;
    const topRest = top % 1e9;
    const rest = topRest + low;
    const second = Math.round((top - topRest) / 1e9) + Math.floor(rest / 1e9);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = `"${isoText({ low, high }, 3).slice(0, 20)}`;
    }
    output.ascii(this.#text);
    const micros = Math.floor((rest % 1e9) / 1e3);
    for (let unit = 100_000; unit >= 1; unit /= 10) output.byte(0x30 + (Math.floor(micros / unit) % 10));
    output.ascii('Z"');
  }
}
