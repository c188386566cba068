import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { Test } from "./condition-test.ts";

function byCost(tests: readonly Test[]): Test[] {
  return tests.toSorted((a, b) => a.cost - b.cost);
}

function dearest(tests: readonly Test[]): number {
  return Math.max(...tests.map(({ cost }) => cost));
}

export class AllOf implements Test {
  readonly cost: number;
  readonly #tests: readonly Test[];

  constructor(tests: readonly Test[]) {
    this.#tests = byCost(tests);
    this.cost = dearest(tests);
  }

  bind(batch: SpanBatch): boolean {
    for (const test of this.#tests) if (!test.bind(batch)) return false;
    return true;
  }

  holds(row: number): boolean {
    for (const test of this.#tests) if (!test.holds(row)) return false;
    return true;
  }
}

export class AnyOf implements Test {
  readonly cost: number;
  readonly #tests: readonly Test[];
  /** Those that can hold in this batch. */
  #possible: Test[] = [];

  constructor(tests: readonly Test[]) {
    this.#tests = byCost(tests);
    this.cost = dearest(tests);
  }

  bind(batch: SpanBatch): boolean {
    this.#possible = this.#tests.filter((test) => test.bind(batch));
    return this.#possible.length > 0;
  }

  holds(row: number): boolean {
    for (const test of this.#possible) if (test.holds(row)) return true;
    return false;
  }
}

export class Not implements Test {
  readonly cost: number;
  readonly #test: Test;
  #isPossible = false;

  constructor(test: Test) {
    this.#test = test;
    this.cost = test.cost;
  }

  bind(batch: SpanBatch): boolean {
    this.#isPossible = this.#test.bind(batch);
    return true;
  }

  holds(row: number): boolean {
    return !this.#isPossible || !this.#test.holds(row);
  }
}
