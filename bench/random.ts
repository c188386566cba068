/** Numbers that are the same in every run. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}

const words =
  "the model answers a question about orders and refunds with a tool call then reads what came back from search and writes down which parts of the invoice were wrong so that a person can look at them later today".split(
    " ",
  );

/** Prose of so many bytes. */
export function text(random: Random, bytes: number): string {
  let out = "";
  while (out.length < bytes) out += `${random.of(words)} `;
  return out.slice(0, bytes);
}
