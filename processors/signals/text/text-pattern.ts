import { RE2JS } from "re2js";

/**
 * A regular expression in RE2's syntax over bytes or a string. It takes time in proportion to the text, whatever the
 * expression (see `Pattern`, which looks at attributes); whoever calls bounds the text.
 */
export class TextPattern {
  readonly #expression: RE2JS;

  /** @throws {Error} not RE2 syntax */
  constructor(text: string) {
    this.#expression = RE2JS.compile(text);
  }

  /** Whether it is found anywhere in the text, UTF-8 or a string. */
  test(text: Uint8Array | string): boolean {
    // Its types know numbers[] only; it takes bytes as they are.
    return this.#expression.test(text as string);
  }

  /** Text of a group, by name or number (0: all that matched), where the expression is first found; or undefined. */
  capture(text: string, group: string | number): string | undefined {
    const matcher = this.#expression.matcher(text);
    if (!matcher.find()) return undefined;
    return matcher.group(group) ?? undefined;
  }

  /** Whether `group` names a group of the expression. */
  static hasGroup(text: string, group: string | number): boolean {
    const expression = RE2JS.compile(text);
    if (typeof group === "string") return Object.hasOwn(expression.namedGroups(), group);
    return group <= expression.groupCount();
  }
}
