import { randomUUID } from "node:crypto";
import { startTestClickHouse } from "../../support/clickhouse.ts";
import { defaultConfigWith, Program } from "../../support/program.ts";
import { until } from "../../support/until.ts";

export const key = "sk_ze_contract";
export const project = "11111111-1111-4111-8111-111111111111";
export const workspace = "22222222-2222-4222-8222-222222222222";
/** Of the same project. */
export const readerKey = "sk_ze_reader";
/** Of another project, in another workspace. */
export const otherKey = "sk_ze_other";
export const otherProject = "33333333-3333-4333-8333-333333333333";
export const unknownId = "99999999-9999-4999-8999-999999999999";
/** A PNG of one pixel. */
export const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

export type Row = Record<string, unknown>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON object of the body; empty when there is none. */
  readonly body: Row;
  /** The JSON array of the body; empty when there is none. */
  readonly rows: readonly Row[];
}

export interface CallOptions {
  /** "" sends no header. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The program as it is shipped, with its default configuration, and a client of its API. */
export interface Signalbox {
  readonly url: string;
  get(path: string, options?: CallOptions): Promise<Answer>;
  /** @param body texts and bytes are sent as they are, all else as JSON */
  post(path: string, body: unknown, options?: CallOptions): Promise<Answer>;
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  /** Posts spans, which must be taken. */
  spans(...spans: readonly Row[]): Promise<readonly Row[]>;
  /** The rows of a list, which must answer 200. */
  list(path: string): Promise<readonly Row[]>;
  stop(): Promise<void>;
}

const keys = [
  { key, project, workspace, project_name: "contract" },
  { key: readerKey, project, workspace, access: "read_only" },
  { key: otherKey, project: otherProject, workspace: "44444444-4444-4444-8444-444444444444" },
];

/** Starts pipeline.yaml on free ports with a ClickHouse of its own. Call `stop()` in `afterAll`. */
export async function startSignalbox(...sets: readonly string[]): Promise<Signalbox> {
  const clickhouse = await startTestClickHouse();
  const keySet = `extensions.api.keys=${JSON.stringify(keys)}`;
  const quick = ["processors.batch.timeout=10ms", "exporters.clickhouse.insert.max_age=10ms"];
  const program = await Program.start({
    args: defaultConfigWith(clickhouse, "service.extensions=[api]", keySet, ...quick, ...sets),
  });
  const address = /(http:\/\/127\.0\.0\.1:\d+) \(keys/;
  const output = (): string => program.stderr + program.stdout;
  await until(() => address.test(output()));
  const url = address.exec(output())![1]!;
  // Up is not ready: until the store is, 503 says so.
  const headers = { authorization: `Bearer ${key}` };
  await until(async () => (await fetch(`${url}/projects/${project}/prompts`, { headers })).status === 200);
  await until(async () => (await fetch(`${url}/spans`, { method: "POST", headers, body: "[]" })).status === 200);
  return clientOf(url, async () => {
    await program.dispose();
    await clickhouse.stop();
  });
}

function clientOf(url: string, stop: () => Promise<void>): Signalbox {
  const call: Signalbox["call"] = async (method, path, body, options = {}) => {
    const bearer = options.key ?? key;
    const response = await fetch(url + path, {
      method,
      redirect: "error",
      headers: {
        ...(bearer === "" ? {} : { authorization: `Bearer ${bearer}` }),
        "content-type": "application/json",
        ...options.headers,
      },
      ...(body === undefined ? {} : { body: payload(body) }),
    });
    const text = await response.text();
    const json = parsed(text);
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: typeof json === "object" && json !== null && !Array.isArray(json) ? (json as Row) : {},
      rows: Array.isArray(json) ? (json as Row[]) : [],
    };
  };
  const taken = (answer: Answer, what: string): readonly Row[] => {
    if (answer.status !== 200) throw new Error(`${what}: ${answer.status} ${answer.text}`);
    return answer.rows;
  };
  return {
    url,
    call,
    get: (path, options) => call("GET", path, undefined, options),
    post: (path, body, options) => call("POST", path, body, options),
    spans: async (...spans) => taken(await call("POST", "/spans", spans), "POST /spans"),
    list: async (path) => taken(await call("GET", path), `GET ${path}`),
    stop,
  };
}

function payload(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof body === "string") return body;
  return body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A time of the day on which all spans of the tests lie. */
export const at = (seconds: number): string =>
  new Date(Date.UTC(2026, 0, 31, 12) + seconds * 1_000).toISOString().replace("Z", "000Z");

/** A span that says what it must, and `fields`. */
export const span = (fields: Row = {}): Row => ({
  id: randomUUID(),
  trace_id: randomUUID(),
  name: "work",
  started_at: at(0),
  ...fields,
});

/** A tag that is the test's own, as a filter too. */
export function ownTag(): { readonly tags: Row; readonly filter: string } {
  const value = randomUUID();
  return { tags: { case: value }, filter: `case=${value}` };
}

/** One member of every row. */
export const pick = (rows: readonly Row[], member: string): unknown[] => rows.map((row) => row[member]);
