import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { clickhouseConfigSchema } from "../../../exporters/clickhouse/config.ts";
import type { Failure } from "../../../exporters/clickhouse/errors.ts";
import { createHosts, type Hosts } from "../../../exporters/clickhouse/hosts.ts";
import { until } from "../../support/until.ts";
import { type ScriptedServer, startScriptedServer, status } from "./scripted-server.ts";

/** Longer than a test may take. */
const hourMs = 3_600_000;
const never = new AbortController().signal;
const network = { kind: "retryable", code: undefined, message: "", ambiguous: true } as const;
const refused: Failure = { ...network, name: "ECONNREFUSED", ambiguous: false };
const reset: Failure = { ...network, name: "ECONNRESET" };
const throttled: Failure = { ...refused, name: "HTTP_503", kind: "overload", retryAfterMs: hourMs };

async function hostsOfTwo(
  strategy = "in_order",
): Promise<{ hosts: Hosts; servers: ScriptedServer[]; messages: string[] }> {
  const servers = [await startScriptedServer([]), await startScriptedServer([])];
  const endpoint = `${servers.map(({ url }) => url).join(",")}?connection_open_strategy=${strategy}`;
  const config = clickhouseConfigSchema.parse({ endpoint, probe: { interval: "10ms" } });
  const messages: string[] = [];
  const logger = pino({ level: "warn" }, { write: (line: string) => void messages.push(JSON.parse(line).msg) });
  const hosts = createHosts(config, "test", logger);
  onTestFinished(() => hosts.close());
  return { hosts, servers, messages };
}

/** Whether `promise` is settled after some time for probes and waits, which must not settle it. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  return settled;
}

describe("hosts of an endpoint", () => {
  it("ends the wait for a host that is away when another one is there, and asks that one", async () => {
    const { hosts } = await hostsOfTwo();
    const attempt = hosts.attempt();
    expect(attempt.host).toBe(hosts.all[0]);
    await hosts.failed(attempt, refused);
    await hosts.pauseAfter(attempt, refused, hourMs, { mayMove: true, signal: never });
    expect(hosts.attempt().host).toBe(hosts.all[1]);
  });

  it("keeps what must stay waiting for its own host", async () => {
    const { hosts, servers } = await hostsOfTwo();
    servers[0]!.ping = status(503);
    const attempt = hosts.attempt();
    await hosts.failed(attempt, reset);
    const wait = hosts.pauseAfter(attempt, reset, hourMs, { mayMove: false, signal: never });
    expect(await isSettled(wait)).toBe(false);
    servers[0]!.ping = undefined;
    await wait;
    expect(hosts.attempt(attempt.host)).toEqual({ host: attempt.host, returns: 1 });
  });

  it("ends the wait when any host is back after all were away", async () => {
    const { hosts, servers } = await hostsOfTwo();
    for (const server of servers) await server.stop();
    const first = hosts.attempt();
    await hosts.failed(first, refused);
    const second = hosts.attempt();
    await hosts.failed(second, refused);
    expect([first.host, second.host]).toEqual(hosts.all);
    const wait = hosts.pauseAfter(first, refused, hourMs, { mayMove: true, signal: never });
    expect(await isSettled(wait)).toBe(false);
    await servers[1]!.resume();
    await wait;
    expect(hosts.attempt().host).toBe(second.host);
  });

  it("keeps the wait of a failure whose host answers a ping", async () => {
    const { hosts, servers } = await hostsOfTwo();
    const attempt = hosts.attempt();
    await hosts.failed(attempt, reset);
    expect([servers[0]!.pings, attempt.host.reach.isAway]).toEqual([1, false]);
    expect(await isSettled(hosts.pauseAfter(attempt, reset, hourMs, { mayMove: true, signal: never }))).toBe(false);
  });

  it("keeps the wait that a server asked for, without asking it anything", async () => {
    const { hosts, servers } = await hostsOfTwo();
    const attempt = hosts.attempt();
    await hosts.failed(attempt, throttled);
    const wait = hosts.pauseAfter(attempt, throttled, hourMs, { mayMove: true, signal: never });
    expect(await isSettled(wait)).toBe(false);
    expect(servers[0]!.pings).toBe(0);
  });

  it("ends the wait of a failure that came when its host was back already", async () => {
    const { hosts, servers, messages } = await hostsOfTwo();
    const attempt = hosts.attempt();
    await servers[0]!.stop();
    await hosts.failed(attempt, refused);
    await servers[0]!.resume();
    await until(() => !attempt.host.reach.isAway);
    const { url } = attempt.host;
    expect(messages).toEqual([`test: ${url} does not answer`, `test: ${url} answers again`]);
    await hosts.pauseAfter(attempt, reset, hourMs, { mayMove: false, signal: never });
  });

  it.each(["in_order", "round_robin", "random"])(
    "asks no host that is away while one is there: %s",
    async (strategy) => {
      const { hosts, servers } = await hostsOfTwo(strategy);
      await servers[0]!.stop();
      await hosts.failed(hosts.attempt(hosts.all[0]), refused);
      const asked = new Set(Array.from({ length: 10 }, () => hosts.next()));
      expect(asked).toEqual(new Set([hosts.all[1]]));
    },
  );
});
