/**
 * Statements made of parts. Values are always parameters of the server (`{p1: String}`): the only text that gets into a
 * statement is our own.
 *
 *     sql`SELECT count() FROM ${table} WHERE ProjectId = ${param("String", project)}`
 */

/** A value that the server binds. Its type is ClickHouse's. */
class Param {
  readonly type: string;
  readonly value: unknown;

  constructor(type: string, value: unknown) {
    this.type = type;
    this.value = value;
  }
}

/** A piece of a statement. Make one with `sql`; put it into others, or end it with `statementOf`. */
export class Sql {
  readonly #texts: readonly string[];
  readonly #parts: readonly (Sql | Param)[];

  /** @param texts one more than `parts`, which stand between them */
  constructor(texts: readonly string[], parts: readonly (Sql | Param)[]) {
    this.#texts = texts;
    this.#parts = parts;
  }

  /** The text; equal parameters are bound once. */
  write(bound: Map<string, Param>): string {
    let text = this.#texts[0]!;
    for (const [index, part] of this.#parts.entries()) {
      text += (part instanceof Sql ? part.write(bound) : placeholder(bound, part)) + this.#texts[index + 1]!;
    }
    return text;
  }
}

function placeholder(bound: Map<string, Param>, param: Param): string {
  const known = [...bound].find(([, { type, value }]) => type === param.type && value === param.value);
  const name = known?.[0] ?? `p${bound.size + 1}`;
  if (known === undefined) bound.set(name, param);
  return `{${name}: ${param.type}}`;
}

/** A statement as the server takes it. */
export interface Statement {
  readonly query: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Our own text with parts in it. A line of which a part leaves nothing is left out. */
export function sql(texts: TemplateStringsArray, ...parts: readonly (Sql | Param)[]): Sql {
  return new Sql(texts, parts);
}

/**
 * A value bound by the server.
 *
 * @param type such as `String`, `UInt32`, `Array(String)`, `DateTime64(6, 'UTC')`; our own constant
 */
export function param(type: string, value: unknown): Param {
  return new Param(type, value);
}

/**
 * Values of one parameter. A server takes 128 KiB of one (`http_max_field_value_size`), which ids do not fill. No option: the
 * answer is the same.
 */
const mostValues = 2_000;

/** An array of values bound by the server, however many. @param type of each, as in `param` */
export function arrayOf(type: string, values: readonly unknown[]): Sql {
  const part = (from: number): Sql => sql`${param(`Array(${type})`, values.slice(from, from + mostValues))}`;
  if (values.length <= mostValues) return part(0);
  const parts = Array.from({ length: Math.ceil(values.length / mostValues) }, (_, index) => part(index * mostValues));
  return sql`arrayConcat(${joined(parts, ", ")})`;
}

/** Text of our own as it is: names of columns, tables and functions. Never anything that came from outside. */
export function raw(text: string): Sql {
  return new Sql([text], []);
}

export const nothing: Sql = raw("");

export function joined(parts: readonly Sql[], separator: string): Sql {
  if (parts.length === 0) return nothing;
  return new Sql(["", ...Array.from({ length: parts.length - 1 }, () => separator), ""], parts);
}

/** All conditions at once; `1` where there is none. */
export function allOf(conditions: readonly (Sql | undefined)[]): Sql {
  const present = conditions.filter((condition) => condition !== undefined);
  return present.length === 0 ? raw("1") : joined(present, "\n  AND ");
}

/** Any of the conditions; `0` where there is none. */
export function anyOf(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? raw("0") : sql`(${joined(conditions, " OR ")})`;
}

/** The statement, without empty lines. */
export function statementOf(text: Sql): Statement {
  const bound = new Map<string, Param>();
  const query = text
    .write(bound)
    .split("\n")
    .filter((line) => line.trim() !== "")
    .join("\n");
  return { query, params: Object.fromEntries([...bound].map(([name, { value }]) => [name, value])) };
}

/** The condition that every statement carries: rows of one project. @param project as stored (`storedProjectId`) */
export function ofProject(project: string): Sql {
  return sql`ProjectId = ${param("String", project)}`;
}
