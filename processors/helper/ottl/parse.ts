import { attributeText } from "../attribute-text.ts";
import { Pattern } from "../pattern.ts";
import {
  and,
  type Comparison,
  calculate,
  compare,
  type Expression,
  literal,
  not,
  type Operator,
  or,
} from "./expression.ts";
import { ConditionError, stringOf, type Token, tokensOf } from "./lexer.ts";
import { type Context, pathOf } from "./paths.ts";

const constants: Readonly<Record<string, null | boolean | number>> = {
  nil: null,
  true: true,
  false: false,
  SPAN_KIND_UNSPECIFIED: 0,
  SPAN_KIND_INTERNAL: 1,
  SPAN_KIND_SERVER: 2,
  SPAN_KIND_CLIENT: 3,
  SPAN_KIND_PRODUCER: 4,
  SPAN_KIND_CONSUMER: 5,
  STATUS_CODE_UNSET: 0,
  STATUS_CODE_OK: 1,
  STATUS_CODE_ERROR: 2,
};

const functionNames = ["IsMatch", "IsRootSpan", "HasPrefix", "HasSuffix"];
const comparisons = ["==", "!=", "<", "<=", ">", ">="];
/** Of parentheses in an expression that the operator writes. */
const maxDepth = 64;

/**
 * Reads a condition in a part of OTTL: comparisons, `and`, `or`, `not`, arithmetic, paths of the span, its events, resource
 * and scope, and a few functions.
 *
 * @throws {ConditionError} what is wrong, and where
 */
export function parseCondition(text: string, context: Context, maxMatchLength: number): Expression {
  return new Parser(tokensOf(text), context, maxMatchLength).condition();
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #context: Context;
  readonly #maxMatchLength: number;
  #position = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], context: Context, maxMatchLength: number) {
    this.#tokens = tokens;
    this.#context = context;
    this.#maxMatchLength = maxMatchLength;
  }

  condition(): Expression {
    const expression = this.#or();
    if (this.#peek.kind !== "end") throw this.#unexpected();
    return expression;
  }

  get #peek(): Token {
    return this.#tokens[this.#position]!;
  }

  #next(): Token {
    return this.#tokens[this.#position++]!;
  }

  #unexpected(token = this.#peek): ConditionError {
    return new ConditionError(`unexpected ${token.text}`, token.at);
  }

  #take(text: string): boolean {
    const { kind, text: found } = this.#peek;
    if (found !== text || (kind !== "symbol" && kind !== "name")) return false;
    this.#position++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw new ConditionError(`expected ${text}, found ${this.#peek.text}`, this.#peek.at);
  }

  #or(): Expression {
    if (++this.#depth > maxDepth) throw new ConditionError(`nested deeper than ${maxDepth} levels`, this.#peek.at);
    let left = this.#and();
    while (this.#take("or")) left = or(left, this.#and());
    this.#depth--;
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#take("and")) left = and(left, this.#not());
    return left;
  }

  #not(): Expression {
    let isInverted = false;
    while (this.#take("not")) isInverted = !isInverted;
    const inner = this.#comparison();
    return isInverted ? not(inner) : inner;
  }

  #comparison(): Expression {
    const left = this.#sum();
    if (this.#peek.kind !== "symbol" || !comparisons.includes(this.#peek.text)) return left;
    const operator = this.#next().text as Comparison;
    return compare(operator, left, this.#sum());
  }

  #sum(): Expression {
    let left = this.#product();
    while (this.#peek.kind === "symbol" && (this.#peek.text === "+" || this.#peek.text === "-")) {
      const operator = this.#next().text as Operator;
      left = calculate(operator, left, this.#product());
    }
    return left;
  }

  #product(): Expression {
    let left = this.#primary();
    while (this.#peek.kind === "symbol" && (this.#peek.text === "*" || this.#peek.text === "/")) {
      const operator = this.#next().text as Operator;
      left = calculate(operator, left, this.#primary());
    }
    return left;
  }

  #primary(): Expression {
    const token = this.#next();
    switch (token.kind) {
      case "string":
        return literal(stringOf(token));
      case "number":
        return literal(Number(token.text));
      case "name":
        return this.#named(token);
      default:
        if (token.text === "-" && this.#peek.kind === "number") return literal(-Number(this.#next().text));
        if (token.text !== "(") throw this.#unexpected(token);
    }
    const inner = this.#or();
    this.#expect(")");
    return inner;
  }

  #named(token: Token): Expression {
    if (Object.hasOwn(constants, token.text)) return literal(constants[token.text]!);
    if (this.#take("(")) return this.#call(token);
    const names = [token.text];
    while (this.#take(".")) names.push(this.#next().text);
    let key: string | undefined;
    if (this.#take("[")) {
      const bracket = this.#next();
      if (bracket.kind !== "string") throw this.#unexpected(bracket);
      key = stringOf(bracket);
      this.#expect("]");
    }
    const path = pathOf(names, key, this.#context);
    if (path !== undefined) return path;
    throw new ConditionError(`${names.join(".")}${key === undefined ? "" : "[...]"} is no path known here`, token.at);
  }

  #call(name: Token): Expression {
    if (!functionNames.includes(name.text)) {
      throw new ConditionError(`undefined function "${name.text}", must be ${functionNames.join(", ")}`, name.at);
    }
    if (name.text === "IsRootSpan") {
      this.#expect(")");
      return isRootSpan;
    }
    const target = this.#or();
    this.#expect(",");
    const argument = this.#next();
    if (argument.kind !== "string") throw new ConditionError(`${name.text} needs a string in quotes`, argument.at);
    this.#expect(")");
    return this.#textTest(name, target, stringOf(argument), argument.at);
  }

  #textTest(name: Token, target: Expression, argument: string, at: number): Expression {
    const test = name.text === "IsMatch" ? this.#pattern(argument, at) : affixTest(name.text, argument);
    return (batch) => {
      const value = target(batch);
      return (row, event) => {
        const found = value(row, event);
        return found !== null && test(attributeText(found));
      };
    };
  }

  #pattern(text: string, at: number): (text: string) => boolean {
    try {
      const pattern = new Pattern(text, this.#maxMatchLength);
      return (candidate) => pattern.matches(candidate);
    } catch (error) {
      throw new ConditionError(`not RE2 syntax: ${error instanceof Error ? error.message : String(error)}`, at);
    }
  }
}

function affixTest(name: string, affix: string): (text: string) => boolean {
  return name === "HasPrefix" ? (text) => text.startsWith(affix) : (text) => text.endsWith(affix);
}

const isRootSpan: Expression =
  ({ parentSpanId }) =>
  (row) =>
    parentSpanId.subarray(8 * row, 8 * row + 8).every((byte) => byte === 0);
