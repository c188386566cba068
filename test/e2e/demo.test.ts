import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../bench/free-port.ts";
import { startTestClickHouse, type TestClickHouse } from "../support/clickhouse.ts";
import { defaultConfigWith, Program, ready } from "../support/program.ts";

let clickhouse: TestClickHouse;
const programs: Program[] = [];

beforeAll(async () => {
  clickhouse = await startTestClickHouse();
});

afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.dispose()));
});

afterAll(() => clickhouse?.stop());

async function start(script: string, args: readonly string[]): Promise<Program> {
  const program = await Program.start({ script, args });
  programs.push(program);
  return program;
}

describe("the demo", () => {
  it("sends traces, waits until they can be seen, and prints what SQL says of them", async () => {
    const program = await start("dist/bin/signalbox.js", defaultConfigWith(clickhouse));
    const { http } = await ready(program);
    const api = /http:\S+/.exec((await program.logged(/^api: http/)).msg)![0];
    const where = ["--endpoint", http, "--api", api, "--clickhouse", clickhouse.url, "--database", clickhouse.database];
    const demo = await start("dist/demo/index.js", [...where, "--traces", "60"]);
    expect([await demo.ended, demo.stderr]).toEqual([0, ""]);
    expect(demo.stdout).toMatch(/^sent 50 of 60 traces\nsent 60 of 60 traces\nall \d+ spans are stored/);
    for (const shown of ["gpt-4.1-mini", "└─ ", "session-", "invoke_agent engineer"]) {
      expect(demo.stdout).toContain(shown);
    }
    // Input, cached and output tokens, dollars, pictures, signals: what the attributes say, by the prices of these models.
    for (const row of [
      /^otel +anthropic +claude-sonnet-4-5 +1730 +1200 +46 +0\.00264 +1$/m,
      /^openinference +openai +gpt-4\.1-mini +310 +12 +0\.000143 +1$/m,
      /^openllmetry +openai +gpt-4o +150 +23 +0\.000605 +0 +refusal$/m,
      /^vercel_ai +gcp\.gemini +gemini-2\.5-flash +14 +1024 +0\.002564 +0 +truncated_output$/m,
      /^langfuse +claude-opus-4-1 +183000 +6400 +3\.225 +0 +cost_spike, pii_email$/m,
      /^[0-9a-f]{12} +image\/png +96 +64 +417$/m,
      // And through the API: the dearest trace, its session, its signals.
      /^read the archive +unset +1 +\d+ +3\.225 +0$/m,
      /^gallery +5 +\d+ +3\.230952 +0$/m,
      /^cost_spike +3\.225 +numerical$/m,
    ]) {
      expect(demo.stdout).toMatch(row);
    }
    const [stored] = await clickhouse.query("SELECT uniqExact(TraceId) AS traces FROM otel_traces");
    expect(stored).toEqual({ traces: "60" });
    // What is shown as SQL can be pasted.
    const [, sql] = /\n\n( {2}SELECT [\s\S]+?)\n\n/.exec(demo.stdout)!;
    expect((await clickhouse.query(sql!)).length).toBeGreaterThan(3);
  });

  it("says how to start a Signalbox when none listens, and exits 1", async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    const demo = await start("dist/demo/index.js", ["--endpoint", endpoint]);
    expect(await demo.ended).toBe(1);
    expect(demo.stderr).toBe(
      `demo: no Signalbox answers at ${endpoint}: start one in another terminal with "npm start", ` +
        "or say where one listens with --endpoint\n",
    );
  });
});
