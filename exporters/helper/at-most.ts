/**
 * Runs `run` for each of `items`, in their order and at most `limit` at a time. After a failure no further one is begun.
 *
 * @throws {unknown} the first failure, when all that were begun have ended
 */
export async function forEachAtMost<Item>(
  limit: number,
  items: readonly Item[],
  run: (item: Item) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    for (const item of left) {
      if (failures.length > 0) return;
      await run(item).catch((error: unknown) => void failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: limit }, work));
  if (failures.length > 0) throw failures[0];
}
