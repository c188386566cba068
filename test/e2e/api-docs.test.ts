import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { examplesIn, isLike } from "../support/api-examples.ts";
import { startTestClickHouse, type TestClickHouse } from "../support/clickhouse.ts";
import { Program, projectPath } from "../support/program.ts";
import { until } from "../support/until.ts";

const run = promisify(execFile);
const examples = await examplesIn(projectPath("docs/api.md"));
const key = "sk_ze_docs";

let clickhouse: TestClickHouse;
let program: Program;
let base: string;
let ran = 0;

const config = (): string => `yaml:
extensions:
  api: { endpoint: "127.0.0.1:0", keys: [{ key: ${key}, project: 11111111-1111-4111-8111-111111111111, project_name: docs }] }
receivers: { zeroeval: { api: api } }
processors: { genai: { session_ids: uuid }, cost: , images: , signals: , batch: { timeout: 50ms } }
exporters: { clickhouse: { endpoint: "${clickhouse.url}", database: ${clickhouse.database}, insert: { max_age: 50ms } } }
service:
  extensions: [api]
  pipelines: { traces: { receivers: [zeroeval], processors: [genai, cost, images, signals, batch], exporters: [clickhouse] } }
  telemetry: { metrics: { level: none }, logs: { encoding: json } }`;

beforeAll(async () => {
  clickhouse = await startTestClickHouse();
  program = await Program.start({ args: ["--config", config()] });
  await until(
    () => /http:\/\/127\.0\.0\.1:\d+ \(keys/.test(program.stderr + program.stdout) || program.lines.length > 200,
  );
  base = /(http:\/\/127\.0\.0\.1:\d+) \(keys/.exec(program.stderr + program.stdout)?.[1] ?? "";
  // Tables of records are made after the start.
  const headers = { authorization: `Bearer ${key}` };
  await until(async () => (await fetch(`${base}/v1/datasets`, { headers })).status === 200);
});
afterAll(async () => {
  await program?.dispose();
  await clickhouse?.stop();
});

// One after the other: later examples read what earlier ones wrote.
describe("docs/api.md", () => {
  test.each(examples.map((example) => [example.line, example] as const))(
    "the example at line %i prints what it says",
    async (_line, { script, answer }) => {
      const env = { ...process.env, BASE: base, KEY: key };
      const { stdout } = await run("bash", ["-euo", "pipefail", "-c", script], { env });
      ran++;
      if (answer !== undefined && !isLike(JSON.parse(stdout), answer)) expect(JSON.parse(stdout)).toEqual(answer);
    },
  );

  test("has examples", () => {
    expect(ran).toBeGreaterThan(4);
  });
});
