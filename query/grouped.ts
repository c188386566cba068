/** Rows by a key, in the order in which they come. */
export function grouped<Row>(rows: readonly Row[], keyOf: (row: Row) => string): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [row]);
    else known.push(row);
  }
  return groups;
}

/** The least of some texts, at least one, as the server compares them: by their bytes. */
export function leastText(texts: readonly string[]): string {
  return texts.reduce((least, one) => (comparedBytes(one, least) < 0 ? one : least));
}

/** The same of the greatest. */
export function greatestText(texts: readonly string[]): string {
  return texts.reduce((greatest, one) => (comparedBytes(one, greatest) > 0 ? one : greatest));
}

function comparedBytes(one: string, other: string): number {
  return one === other ? 0 : Buffer.compare(Buffer.from(one), Buffer.from(other));
}
