import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { AttributeValue } from "../../../pipeline/span-batch/value.ts";

/** What an expression comes to for a span, and an event of it where events are judged. */
export type Evaluate = (row: number, event: number) => AttributeValue;
/** An expression; bound once per batch, so that keys are looked up once. */
export type Expression = (batch: SpanBatch) => Evaluate;

export const literal =
  (value: AttributeValue): Expression =>
  () =>
  () =>
    value;

export function and(left: Expression, right: Expression): Expression {
  return (batch) => {
    const [a, b] = [left(batch), right(batch)];
    return (row, event) => a(row, event) === true && b(row, event) === true;
  };
}

export function or(left: Expression, right: Expression): Expression {
  return (batch) => {
    const [a, b] = [left(batch), right(batch)];
    return (row, event) => a(row, event) === true || b(row, event) === true;
  };
}

export function not(inner: Expression): Expression {
  return (batch) => {
    const test = inner(batch);
    return (row, event) => test(row, event) !== true;
  };
}

export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=";

/** Values of different types differ, and nothing else is true of them; integers and doubles are numbers alike. */
export function compare(operator: Comparison, left: Expression, right: Expression): Expression {
  const holds = comparisons[operator];
  return (batch) => {
    const [a, b] = [left(batch), right(batch)];
    return (row, event) => holds(orderOf(a(row, event), b(row, event)));
  };
}

/** Below 0, 0 or above 0 as values compare; undefined: they differ and have no order. */
const comparisons: Readonly<Record<Comparison, (order: number | undefined) => boolean>> = {
  "==": (order) => order === 0,
  "!=": (order) => order !== 0,
  "<": (order) => order !== undefined && order < 0,
  "<=": (order) => order !== undefined && order <= 0,
  ">": (order) => order !== undefined && order > 0,
  ">=": (order) => order !== undefined && order >= 0,
};

function isNumber(value: AttributeValue): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function orderOf(a: AttributeValue, b: AttributeValue): number | undefined {
  if (a === null || b === null) return a === b ? 0 : undefined;
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : a >= b ? 0 : undefined;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return undefined;
}

export type Operator = "+" | "-" | "*" | "/";

/** Arithmetic on numbers, nil with anything else. Two integers stay exact, as nanoseconds since 1970 must. */
export function calculate(operator: Operator, left: Expression, right: Expression): Expression {
  return (batch) => {
    const [a, b] = [left(batch), right(batch)];
    return (row, event) => {
      const [x, y] = [a(row, event), b(row, event)];
      if (!isNumber(x) || !isNumber(y)) return null;
      if (isWhole(x) && isWhole(y)) return exact(operator, BigInt(x), BigInt(y));
      return operations[operator](Number(x), Number(y));
    };
  };
}

function isWhole(value: number | bigint): boolean {
  return typeof value === "bigint" || Number.isInteger(value);
}

const operations: Readonly<Record<Operator, (x: number, y: number) => number>> = {
  "+": (x, y) => x + y,
  "-": (x, y) => x - y,
  "*": (x, y) => x * y,
  "/": (x, y) => x / y,
};

function exact(operator: Operator, x: bigint, y: bigint): AttributeValue {
  switch (operator) {
    case "+":
      return x + y;
    case "-":
      return x - y;
    case "*":
      return x * y;
    case "/":
      return y === 0n ? null : x / y;
  }
}
