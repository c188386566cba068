import { createClient } from "@clickhouse/client";
import { afterEach, describe, expect, it } from "vitest";
import { freePort } from "../../bench/free-port.ts";
import { sendLoad } from "../support/load.ts";
import { freePorts, Program, projectPath, ready } from "../support/program.ts";

let program: Program | undefined;

afterEach(() => program?.dispose());

describe("the default configuration", () => {
  it("stores every accepted span exactly once, also when its ClickHouse is killed under load", async () => {
    const port = await freePort();
    // More inserts than usual, so that the server dies in the midst of some.
    const sets = [...freePorts, "exporters.clickhouse.insert.max_age=100ms"];
    program = await Program.start({
      args: ["--config", projectPath("pipeline.yaml"), ...sets.flatMap((set) => ["--set", set])],
      env: { SIGNALBOX_CLICKHOUSE_PORT: String(port) },
    });
    const running = program;
    const { http } = await ready(running);
    let serverPid = Number((await running.logged(/^embedded server answers$/))["serverPid"]);
    let kills = 0;
    const { acceptedSpans } = await sendLoad({
      http,
      requests: 400,
      spansPerRequest: 50,
      connections: 16,
      onAccepted: (requests) => {
        if (requests !== 100 && requests !== 200) return;
        process.kill(serverPid, "SIGKILL");
        kills++;
        void running.logged(/^embedded server answers again$/, kills).then((line) => {
          serverPid = Number(line["serverPid"]);
        });
      },
    });
    expect(kills).toBe(2);
    const client = createClient({ url: `http://127.0.0.1:${port}` });
    const result = await client.query({
      query: `SELECT count() AS rows, uniqExact(SpanId) AS spans,
        (SELECT sum(RowCount) FROM otel.traces) AS rolledUp FROM otel.otel_traces`,
      format: "JSONEachRow",
    });
    const [stored] = await result.json();
    await client.close();
    expect(acceptedSpans).toBe(20_000);
    expect(stored).toEqual({ rows: 20_000, spans: 20_000, rolledUp: 20_000 });
    expect(await running.stop()).toBe(0);
  }, 120_000);
});
