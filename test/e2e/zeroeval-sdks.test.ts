import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestClickHouse, type TestClickHouse } from "../support/clickhouse.ts";
import { defaultConfigWith, Program, projectPath } from "../support/program.ts";
import { until } from "../support/until.ts";

/** A request of an SDK and what it got, as test/recordings/zeroeval/record.py writes them. */
interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly status: number;
  readonly answer: unknown;
}

const anyId = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const idPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

/** What stands for ids and times of the server, which are others each time. */
function kindOf(value: unknown): unknown {
  if (typeof value !== "string") return value;
  if (timePattern.test(value)) return "<time>";
  // Rows have ids of their own, and so a hash of their own.
  return /^[0-9a-f]{64}$/.test(value) ? "<hash>" : value.replace(anyId, "<id>");
}

/** The parts of `answer` that `recorded` has too; members that came later are left out. Notes ids that took others' place. */
function likeRecorded(recorded: unknown, answer: unknown, ids: Map<string, string>): unknown {
  if (typeof recorded === "string" && typeof answer === "string") {
    if (idPattern.test(recorded) && idPattern.test(answer)) ids.set(recorded, answer);
    return kindOf(answer);
  }
  if (Array.isArray(recorded) && Array.isArray(answer))
    return answer.map((item, index) => likeRecorded(recorded[index], item, ids));
  if (!isObject(recorded) || !isObject(answer)) return answer;
  const names = Object.keys(answer).filter((name) => Object.hasOwn(recorded, name));
  return Object.fromEntries(names.map((name) => [name, likeRecorded(recorded[name], answer[name], ids)]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `recorded` in the words of `likeRecorded`. */
function expected(recorded: unknown): unknown {
  return likeRecorded(recorded, recorded, new Map());
}

describe.each(["python-0.6.132", "python-0.10.4", "typescript-0.1.17"])("what the SDK %s says", (name) => {
  let clickhouse: TestClickHouse;
  let program: Program;
  let url: string;

  beforeAll(async () => {
    clickhouse = await startTestClickHouse();
    const sets = [
      "extensions.api={endpoint: '127.0.0.1:0', clickhouse: clickhouse}",
      "receivers.zeroeval={api: api}",
      "service.pipelines.traces.receivers=[otlp, zeroeval]",
    ];
    program = await Program.start({ args: defaultConfigWith(clickhouse, ...sets) });
    await program.logged(/^metrics: /);
    url = /http:\S+/.exec((await program.logged(/^api: http/)).msg)![0];
    await until(async () => (await fetch(`${url}/v1/datasets`)).status === 200);
  });

  afterAll(async () => {
    await program?.dispose();
    await clickhouse?.stop();
  });

  it("is answered as it was recorded, request by request", async () => {
    const file = await readFile(projectPath(`test/testdata/zeroeval/${name}.json`), "utf8");
    const exchanges = JSON.parse(file) as Exchange[];
    const ids = new Map<string, string>();
    const renewed = (text: string) => text.replace(anyId, (id) => ids.get(id) ?? id);
    expect(exchanges.length).toBeGreaterThan(10);
    for (const { method, path, body, status, answer } of exchanges) {
      const response = await fetch(url + renewed(path), {
        method,
        ...(body === null ? {} : { body: renewed(JSON.stringify(body)) }),
        headers: { "content-type": "application/json" },
      });
      const text = await response.text();
      expect([method, path, response.status, response.status === status ? "" : text]).toEqual([
        method,
        path,
        status,
        "",
      ]);
      const got = likeRecorded(answer, text === "" ? null : JSON.parse(text), ids);
      expect({ method, path, answer: got }).toEqual({ method, path, answer: expected(answer) });
    }
  });
});
