import type { Reader } from "../reader.ts";
import type { Statement } from "../sql.ts";
import type { FromServer, PartitionParts } from "./parts.ts";

interface KnownRows {
  readonly parts: string;
  readonly rows: readonly FromServer[];
}

/** Rows that are remembered, of some hundred bytes. No option: others are asked for again, with the same answer. */
const mostRows = 50_000;
/** A statement is as long as so many rows. */
const rowsOfStatement = 10;

/**
 * Rows that most lists begin with, of tables to which little is written: they are not asked for again as long as their table has
 * the same parts.
 */
export class UnchangedRows {
  readonly #known = new Map<string, KnownRows>();
  #rowCount = 0;

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
    this.#forget(key);
    if (now !== "" && rows.every(({ Server }) => Server === parts[0]!.Server))
      this.#remember(key, { parts: now, rows });
    return rows;
  }

  #remember(key: string, known: KnownRows): void {
    const count = countOf(known);
    if (count > mostRows) return;
    if (this.#rowCount + count > mostRows) {
      this.#known.clear();
      this.#rowCount = 0;
    }
    this.#known.set(key, known);
    this.#rowCount += count;
  }

  #forget(key: string): void {
    const known = this.#known.get(key);
    if (known !== undefined) this.#rowCount -= countOf(known);
    this.#known.delete(key);
  }
}

function countOf({ rows }: KnownRows): number {
  return rows.length + rowsOfStatement;
}
