import { type ClickHouseClient, ClickHouseError, type ClickHouseSettings } from "@clickhouse/client";

/**
 * Look-ups by id read few marks of many parts. Asked while data is read, the indexes that skip marks are opened by every
 * reader of every part, which takes twice the time of asking them beforehand (bench/README.md).
 */
const name = "use_skip_indexes_on_data_read";
const quick: ClickHouseSettings = { [name]: 0 };

const unknownSetting = "115";

/**
 * A setting that makes reads quick and that not every server knows: those that do not would refuse the statement. Each
 * connection is asked once. Where the operator says it (in the user's profile or the exporter's `endpoint`), that holds.
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
    const isRefused = error instanceof ClickHouseError && error.code === unknownSetting && error.message.includes(name);
    if (isRefused) this.#settings.set(client, Promise.resolve({}));
    return isRefused;
  }
}

async function ask(client: ClickHouseClient): Promise<ClickHouseSettings> {
  const query = "SELECT 1 FROM system.settings WHERE name = {name: String} AND NOT changed AND NOT readonly";
  const result = await client.query({ query, query_params: { name }, format: "JSONEachRow" });
  const rows = await result.json();
  return rows.length > 0 ? quick : {};
}
