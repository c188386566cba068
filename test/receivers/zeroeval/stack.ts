import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { ClickHouseExporter } from "../../../exporters/clickhouse/exporter.ts";
import { apiConfigSchema } from "../../../extensions/api/config.ts";
import { ApiExtension } from "../../../extensions/api/extension.ts";
import type { Acknowledge, Consumer } from "../../../pipeline/component.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { batchFactory } from "../../../processors/batch/factory.ts";
import { costFactory } from "../../../processors/cost/factory.ts";
import { genaiFactory } from "../../../processors/genai/factory.ts";
import { imagesFactory } from "../../../processors/images/factory.ts";
import { zeroevalConfigSchema } from "../../../receivers/zeroeval/config.ts";
import { ZeroevalReceiver } from "../../../receivers/zeroeval/receiver.ts";
import { quickConfig } from "../../exporters/clickhouse/support.ts";
import { startTestClickHouse, type TestClickHouse } from "../../support/clickhouse.ts";
import { testSettings } from "../../support/doubles.ts";

/** An API with its receiver, the processors that matter to it, and the exporter. */
export interface Stack {
  readonly url: string;
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  stop(): Promise<void>;
}

export interface StackOptions {
  readonly endpoint: string;
  readonly database: string;
  readonly acknowledge?: Acknowledge;
  readonly api?: object;
  readonly receiver?: object;
  readonly exporter?: object;
  /** The receiver is in a pipeline of logs, too. */
  readonly takesLogs?: boolean;
  /** Starts although no server answers. */
  readonly withoutServer?: boolean;
}

/** Starts everything in one process, on a free port. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { acknowledge = "stored", endpoint, database } = options;
  const settings = testSettings({ acknowledge });
  const exporterConfig = await quickConfig(endpoint, { database, ...options.exporter });
  const exporter = new ClickHouseExporter(exporterConfig, {
    ...{ ...settings, id: "clickhouse" },
    signals: options.takesLogs === true ? ["traces", "logs"] : ["traces"],
  });
  const batch = batchFactory.create(batchFactory.configSchema.parse({}), exporter as never, {
    ...settings,
    id: "batch",
  });
  const images = imagesFactory.create(imagesFactory.configSchema.parse({}), batch as Consumer<SpanBatch>, settings);
  const cost = costFactory.create(costFactory.configSchema.parse({}), images as Consumer<SpanBatch>, settings);
  const genai = genaiFactory.create(
    genaiFactory.configSchema.parse({ session_ids: "uuid" }),
    cost as Consumer<SpanBatch>,
    settings,
  );
  const host = {
    extension: (id: string) => (id === "api" ? api : undefined),
    exporterConfig: () => ({ type: "clickhouse", config: exporterConfig }),
    fatal: (error: Error) => {
      throw error;
    },
  };
  const api: ApiExtension = new ApiExtension(apiConfigSchema.parse({ endpoint: "127.0.0.1:0", ...options.api }), {
    ...settings,
    id: "api",
    host,
  });
  const receiver = new ZeroevalReceiver(
    zeroevalConfigSchema.parse(options.receiver ?? {}),
    { traces: genai as Consumer<SpanBatch>, ...(options.takesLogs && { logs: exporter }) },
    { ...settings, id: "zeroeval", host },
  );
  await api.start();
  await exporter.start();
  await receiver.start();
  api.pipelineReady();
  const url = `http://127.0.0.1:${api.port}`;
  await expect.poll(async () => (await fetch(`${url}/health`)).status).toBe(200);
  return {
    url,
    post: (path, body, headers = {}) =>
      fetch(url + path, {
        method: "POST",
        body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
        headers: { "content-type": "application/json", ...headers },
      } as RequestInit),
    stop: async () => {
      await receiver.shutdown(AbortSignal.timeout(1_000));
      await exporter.shutdown(AbortSignal.timeout(1_000));
      await api.shutdown();
    },
  };
}

const key = "sk_ze_one";
export const projectId = "6f1d3c2b-0000-4000-8000-00000000abcd";
export const workspaceId = "6f1d3c2b-0000-4000-8000-00000000eeee";
/** For `extensions.api.keys`, and the header of requests with the key. */
export const keys = [{ key, project: projectId, workspace: workspaceId, project_name: "one" }];
export const auth = { authorization: `Bearer ${key}` };

/** The stacks that the tests of a file start, over one server that the file has. */
export interface Stacks {
  /** Once the tests run. */
  readonly server: TestClickHouse;
  /** Ends with the test. */
  readonly start: (options?: Partial<StackOptions>) => Promise<Stack>;
  /** The rows of a span, by its id as stored. */
  readonly stored: (span: string) => Promise<Record<string, unknown>[]>;
}

export function stacksOfFile(): Stacks {
  const running: Stack[] = [];
  let server: TestClickHouse;
  beforeAll(async () => {
    server = await startTestClickHouse();
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    for (const stack of running.splice(0)) await stack.stop();
  });
  return {
    get server() {
      return server;
    },
    start: async (options = {}) => {
      const stack = await startStack({ endpoint: server.url, database: server.database, ...options });
      running.push(stack);
      return stack;
    },
    stored: (id) => server.query("SELECT * FROM otel_traces WHERE SpanId = {id: String}", { id }),
  };
}
