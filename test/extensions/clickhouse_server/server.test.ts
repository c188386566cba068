import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clickhouseServerConfigSchema } from "../../../extensions/clickhouse_server/config.ts";
import { claimEndpoint, untilAnswering } from "../../../extensions/clickhouse_server/listen.ts";
import { prepareServer } from "../../../extensions/clickhouse_server/prepare.ts";
import { nodeArguments, ServerProcess } from "../../../extensions/clickhouse_server/server.ts";
import { formatEndpoint } from "../../../net/endpoint.ts";
import { withGarbageCollected } from "../../support/garbage.ts";

let directory: string;
const never = new AbortController().signal;
const silent = { level: ClickHouseLogLevel.OFF };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "signalbox-clickhouse-server-"));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

const prepare = () =>
  prepareServer(clickhouseServerConfigSchema.parse({ directory, http_endpoint: "127.0.0.1:0" }), () => undefined);

// Starts the server as its own child, and so stands for a Signalbox that is killed.
const parentScript = `
  const { spawn } = require("node:child_process");
  spawn(process.execPath, process.argv.slice(1), { stdio: ["pipe", "ignore", "ignore"], detached: true });
`;

describe("the server process", () => {
  it("ends by itself when its parent is killed", async () => {
    const options = await prepare();
    const parent = spawn(process.execPath, ["--eval", parentScript, "--", ...nodeArguments(options)]);
    await untilAnswering(options.http, AbortSignal.timeout(20_000));
    parent.kill("SIGKILL");
    await once(parent, "exit");
    // The address becomes free, and a moment later so does the directory: each try is a server of its own.
    await expect.poll(() => claimEndpoint(options.http), { timeout: 10_000 }).toEqual(options.http);
    const startAgain = async (): Promise<string> => {
      const next = await ServerProcess.start(options);
      const outcome = await next.ready(10_000, never).then(
        () => "ready",
        (error: Error) => error.name,
      );
      next.kill();
      await next.ended;
      return outcome;
    };
    await expect.poll(startAgain, { timeout: 20_000 }).toBe("ready");
  });

  it("is killed when it does not answer in time", async () => {
    const server = await ServerProcess.start(await prepare());
    // It cannot answer, however fast it is.
    process.kill(server.pid!, "SIGSTOP");
    await expect(withGarbageCollected(server.ready(300, never))).rejects.toThrow(
      "the embedded server did not answer within 300 ms",
    );
    expect(await server.ended).toBe("was ended by SIGKILL");
  });

  it("ends in order when it is stopped", async () => {
    const server = await ServerProcess.start(await prepare());
    await server.ready(20_000, never);
    await server.stop(20_000, never);
    expect(await server.ended).toBe("ended with exit code 0");
  });

  it.each([
    ["the time to stop has passed", 0, never],
    ["the deadline has aborted", 60_000, AbortSignal.abort()],
  ])("is killed while a query runs once %s", async (_, timeoutMs, deadline) => {
    const options = await prepare();
    const server = await ServerProcess.start(options);
    await server.ready(20_000, never);
    const client = createClient({ url: `http://${formatEndpoint(options.http)}`, log: silent });
    const query = client.command({ query: "SELECT sleepEachRow(3) FROM numbers(10) SETTINGS max_block_size = 1" });
    const failed = expect(query).rejects.toThrow();
    const running = "SELECT 1 FROM system.processes WHERE query LIKE 'SELECT sleep%'";
    await expect
      .poll(async () => (await client.query({ query: running, format: "JSONEachRow" })).json(), { timeout: 10_000 })
      .toHaveLength(1);
    await server.stop(timeoutMs, deadline);
    await failed;
    expect(await server.ended).toBe("was ended by SIGKILL");
    await client.close();
  });
});
