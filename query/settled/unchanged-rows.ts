import type { Reader } from "../reader.ts";
import type { Statement } from "../sql.ts";
import type { FromServer, PartitionParts } from "./parts.ts";

interface KnownRows {
  readonly parts: string;
  readonly rows: readonly FromServer[];
}

/** Statements of which rows are remembered, and rows of each. No option: others are asked again, with the same answer. */
const mostStatements = 100;
const mostRows = 2_000;

/**
 * Rows that most lists begin with, of tables to which little is written: they are not asked for again as long as their table has
 * the same parts.
 */
export class UnchangedRows {
  readonly #known = new Map<string, KnownRows>();

  /** @param parts of the table, as they are now */
  async of<Row extends FromServer>(
    reader: Reader,
    { query, params }: Statement,
    parts: readonly PartitionParts[],
  ): Promise<readonly Row[]> {
    const key = JSON.stringify([query, params]);
    const known = this.#known.get(key);
    const now = parts
      .map(({ Partition, Parts }) => `${Partition} ${Parts}`)
      .toSorted()
      .join();
    if (now !== "" && known?.parts === now) return known.rows as readonly Row[];
    const rows = await reader.rows<Row>({ query, params });
    if (now !== "" && rows.length <= mostRows && rows.every(({ Server }) => Server === parts[0]!.Server)) {
      if (this.#known.size >= mostStatements && !this.#known.has(key)) this.#known.clear();
      this.#known.set(key, { parts: now, rows });
    } else {
      this.#known.delete(key);
    }
    return rows;
  }
}
