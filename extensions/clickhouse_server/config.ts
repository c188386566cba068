import { z } from "zod";
import { byteSize } from "../../config/byte-size.ts";
import { durationMs } from "../../config/duration.ts";
import { isLoopback, listenEndpoint } from "../../config/listen-endpoint.ts";

const loopbackEndpoint = listenEndpoint.refine(({ host }) => isLoopback(host), {
  error:
    "must be a loopback address such as 127.0.0.1:8123, since the embedded server has no access control; " +
    "for other machines run a ClickHouse server of your own and set exporters.clickhouse.endpoint",
});

const mib = 2 ** 20;

export const clickhouseServerConfigSchema = z
  .strictObject({
    directory: z
      .string()
      .min(1)
      .default("./data/clickhouse")
      .describe("Folder of the server's data, configuration and log; made when it is missing."),
    http_endpoint: loopbackEndpoint
      .prefault("127.0.0.1:8123")
      .describe("Loopback address of the HTTP interface; port 0 takes a free one."),
    tcp_endpoint: loopbackEndpoint
      .optional()
      .describe("Loopback address of the native TCP interface; off when left out."),
    memory_limit: byteSize
      .pipe(z.number().min(256 * mib, "must be at least 256MiB"))
      .prefault("4GiB")
      .describe("Memory the server may take; never more than 80% of the machine's."),
    merge_scheduling: z
      .enum(["idle", "nice"])
      .default("idle")
      .describe(
        "When merges run: `idle`, on Linux, when nothing else wants the core; `nice`, beside all else, at a lower priority " +
          "where Signalbox has the capability CAP_SYS_NICE. Take `nice` where other programs of the same control group keep " +
          "all cores busy all the time, for `idle` would leave merges next to nothing.",
      ),
    query_databases: z
      .array(z.string().min(1))
      .default(["otel"])
      .describe("Databases that POST /query of the API may read, each project its own rows."),
    settings: z
      .record(
        z.string().regex(/^[a-z][a-z0-9_]*$/, "must be the name of a server setting"),
        z.union([z.string(), z.number(), z.boolean()]),
      )
      .default({})
      .describe("ClickHouse server settings to add to, or put in place of, those that Signalbox sets."),
    start_timeout: durationMs.prefault("30s").describe("Longest wait for a started server to answer."),
    lock_timeout: durationMs
      .prefault("10s")
      .describe(
        "Longest wait at start for another server, such as that of a killed Signalbox, to leave the directory.",
      ),
    stop_timeout: durationMs
      .prefault("10s")
      .describe("Longest wait for the server to end by itself at shutdown; then it is killed."),
    restart_initial_interval: durationMs.prefault("100ms").describe("Wait before the first restart after a crash."),
    restart_max_interval: durationMs
      .prefault("30s")
      .describe("Longest wait between restarts; a server that lived longer than this starts over with the first wait."),
    log_max_size: byteSize
      .pipe(z.number().min(mib, "must be at least 1MiB"))
      .prefault("10MiB")
      .describe("Size at which the server's log file is rotated; one older file is kept."),
  })
  .refine(({ http_endpoint, tcp_endpoint }) => tcp_endpoint === undefined || tcp_endpoint.host === http_endpoint.host, {
    path: ["tcp_endpoint"],
    error: "must have the same host as http_endpoint",
  });
export type ClickHouseServerConfig = z.output<typeof clickhouseServerConfigSchema>;
