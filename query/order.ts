/* How values are put in order: as the server does. Each says which of two comes first, as `sort` wants it. */

/** Texts of one form and of ASCII alone, as times and ids are. */
export function compared(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Texts of any kind, which the server compares by their bytes. */
export function comparedBytes(one: string, other: string): number {
  return one === other ? 0 : Buffer.compare(Buffer.from(one), Buffer.from(other));
}

/** Whole numbers of any size, in texts. */
export function comparedIntegers(one: string, other: string): number {
  const difference = BigInt(one) - BigInt(other);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The least of some texts, at least one. */
export function leastText(texts: readonly string[], order = comparedBytes): string {
  return texts.reduce((least, one) => (order(one, least) < 0 ? one : least));
}

/** The same of the greatest. */
export function greatestText(texts: readonly string[], order = comparedBytes): string {
  return texts.reduce((greatest, one) => (order(one, greatest) > 0 ? one : greatest));
}
