import type { Attributes } from "@opentelemetry/api";

/** Values remembered; labels of further ones are made anew for each call. */
const maxValues = 1000;

/**
 * Labels that differ in the value of one: the same object for the same value, so that a counter knows it by identity.
 *
 * @see withSummedCounters
 */
export class LabelSets<Value extends string> {
  readonly #labelsOf: (value: Value) => Attributes;
  readonly #sets = new Map<Value, Attributes>();

  /** @param labelsOf makes the labels of a value */
  constructor(labelsOf: (value: Value) => Attributes) {
    this.#labelsOf = labelsOf;
  }

  /** @returns an object that many calls share: not to be changed */
  of(value: Value): Attributes {
    const known = this.#sets.get(value);
    if (known !== undefined) return known;
    const labels = this.#labelsOf(value);
    if (this.#sets.size < maxValues) this.#sets.set(value, labels);
    return labels;
  }
}
