import { JsonKind } from "../json/scanner.ts";
import { Fields } from "../read/fields.ts";
import type { Problems } from "../read/problems.ts";
import type { Nanos } from "../read/times.ts";
import { isZeroHalf, readUuidAt } from "../read/uuid-bytes.ts";
import { numberOfName, type SpanTexts } from "./span-texts.ts";

const uuidLength = 36;

/** The fields of a row of `SpanTexts`: what is asked for is made of its bytes then. */
export class RowFields extends Fields {
  readonly #texts: SpanTexts;
  #row = 0;

  constructor(texts: SpanTexts, problems: Problems) {
    super(problems);
    this.#texts = texts;
  }

  /** Goes on with row `row`, which is item `index` of the body. */
  beginRow(row: number, index: number): void {
    this.#row = row;
    this.beginItem(index);
  }

  override value(name: string): unknown {
    return this.#texts.value(this.#row, numberOfName.get(name)!);
  }

  /** Nearly all UUIDs are written with hyphens: those need not become texts. */
  override uuid(name: string): boolean {
    const texts = this.#texts;
    const field = numberOfName.get(name)!;
    if (!texts.has(this.#row, field)) return false;
    const start = texts.startOf(this.#row, field) + 1;
    const isPlain =
      texts.kindOf(this.#row, field) === JsonKind.TEXT &&
      texts.endOf(this.#row, field) - start === uuidLength + 1 &&
      readUuidAt(texts.bytesOf(this.#row), start);
    return isPlain && !(isZeroHalf(0) && isZeroHalf(8)) ? true : super.uuid(name);
  }

  override requiredUuid(name: string): boolean {
    if (!this.#has(name)) this.missing(name);
    return this.uuid(name);
  }

  override requiredTime(name: string, into: Nanos): boolean {
    if (!this.#has(name)) this.missing(name);
    return this.time(name, into);
  }

  #has(name: string): boolean {
    return this.#texts.has(this.#row, numberOfName.get(name)!);
  }
}
