import { setTimeout as sleep } from "node:timers/promises";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { DemoError } from "./options.ts";
import { countQuery } from "./queries.ts";

export type Row = Readonly<Record<string, string | number | null>>;

/** Asks the ClickHouse that Signalbox stores in. */
export class Store {
  readonly #url: string;
  readonly #client: ClickHouseClient;

  constructor(url: string) {
    this.#url = url;
    this.#client = createClient({ url, log: { level: ClickHouseLogLevel.OFF } });
  }

  /** @throws {DemoError} ClickHouse does not answer, or not with rows */
  async rows(sql: string): Promise<readonly Row[]> {
    try {
      const result = await this.#client.query({ query: sql, format: "JSONEachRow" });
      return await result.json<Row>();
    } catch (error) {
      const { host } = new URL(this.#url);
      throw new DemoError(`ClickHouse at ${host}: ${(error as Error).message}; --clickhouse says where to ask`, {
        cause: error,
      });
    }
  }

  /**
   * Waits until all `spans` of a run can be seen.
   *
   * @throws {DemoError} they are not there after `timeoutMs`
   */
  async untilVisible(database: string, runId: string, spans: number, timeoutMs: number): Promise<void> {
    const giveUpAt = performance.now() + timeoutMs;
    for (;;) {
      const [row] = await this.rows(countQuery(database, runId));
      const seen = Number(row?.["spans"] ?? 0);
      if (seen === spans) return;
      if (seen > spans) throw new DemoError(`${spans} spans were sent and ${seen} are stored`);
      if (performance.now() > giveUpAt) {
        throw new DemoError(`only ${seen} of ${spans} spans can be seen after ${timeoutMs / 1_000} s`);
      }
      await sleep(100);
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}
