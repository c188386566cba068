import { type ClickHouseClient, ClickHouseError, type ClickHouseSettings } from "@clickhouse/client";

/** What makes short reads quick: each part of it was measured (bench/README.md). */
export const quickSettings = {
  // Look-ups by id read few marks of many parts. Asked while data is read, the indexes that skip marks are opened by every
  // reader of every part, which takes twice the time of asking them beforehand.
  use_skip_indexes_on_data_read: 0,
  // Planning would open the statistics of every column of every part that a merge has made; where conditions are few and
  // parts are chosen by the sorting key, nothing comes of it.
  use_statistics: 0,
  // Code for expressions takes longer to make than a page of rows takes to compute.
  compile_expressions: 0,
  compile_aggregate_expressions: 0,
  compile_sort_description: 0,
} as const satisfies ClickHouseSettings & Record<string, number>;

const names = Object.keys(quickSettings) as readonly (keyof typeof quickSettings)[];

const unknownSetting = "115";

/**
 * Settings that make reads quick and that not every server knows: one that does not would refuse the statement. Each
 * connection is asked once. What the operator says (in the user's profile or the exporter's `endpoint`) holds.
 */
export class QuickReads {
  readonly #settings = new WeakMap<ClickHouseClient, Promise<ClickHouseSettings>>();

  /** What statements sent by `client` may carry. */
  settingsFor(client: ClickHouseClient): Promise<ClickHouseSettings> {
    const known = this.#settings.get(client);
    if (known !== undefined) return known;
    // Why there was no answer, the statement itself will say; the next one asks again.
    const asked = ask(client).catch(() => {
      this.#settings.delete(client);
      return {};
    });
    this.#settings.set(client, asked);
    return asked;
  }

  /** Whether a statement failed because an older server has come in the place of the one that was asked: no more is sent. */
  isRefused(client: ClickHouseClient, error: unknown): boolean {
    const isRefused =
      error instanceof ClickHouseError &&
      error.code === unknownSetting &&
      names.some((name) => error.message.includes(name));
    if (isRefused) this.#settings.set(client, Promise.resolve({}));
    return isRefused;
  }
}

async function ask(client: ClickHouseClient): Promise<ClickHouseSettings> {
  const query =
    "SELECT name FROM system.settings WHERE name IN {names: Array(String)} AND NOT changed AND NOT readonly";
  const result = await client.query({ query, query_params: { names }, format: "JSONEachRow" });
  const offered = new Set((await result.json<{ name: string }>()).map(({ name }) => name));
  return Object.fromEntries(Object.entries(quickSettings).filter(([name]) => offered.has(name)));
}
