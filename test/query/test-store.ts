import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clickhouseConfigSchema } from "../../exporters/clickhouse/config.ts";
import { ClickHouseExporter } from "../../exporters/clickhouse/exporter.ts";
import { apiConfigSchema } from "../../extensions/api/config.ts";
import { ApiExtension } from "../../extensions/api/extension.ts";
import type { Consumer, Processor } from "../../pipeline/component.ts";
import { defaultProjectId } from "../../pipeline/ids.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { genaiConfigSchema } from "../../processors/genai/config.ts";
import { genaiFactory } from "../../processors/genai/factory.ts";
import { imagesConfigSchema } from "../../processors/images/config.ts";
import { imagesFactory } from "../../processors/images/factory.ts";
import { zeroevalConfigSchema } from "../../receivers/zeroeval/config.ts";
import { zeroevalReceiverFactory } from "../../receivers/zeroeval/factory.ts";
import { startTestClickHouse, type TestClickHouse } from "../support/clickhouse.ts";
import { testSettings } from "../support/doubles.ts";
import { until } from "../support/until.ts";

export const projects = {
  a: "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
  b: "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb",
} as const;
export const workspace = "cccccccc-cccc-4ccc-8ccc-cccccccccccc";
const keyConfigs = [
  { key: "key-a", project: projects.a, project_name: "a", workspace },
  { key: "key-b", project: projects.b, project_name: "b", workspace },
  { key: "key-default", project: defaultProjectId },
];
export type KeyName = "a" | "b" | "default";

export interface Answer {
  readonly status: number;
  // Tests look at whatever a route answers.
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what is tested
  readonly body: any;
  readonly headers: Headers;
}

/** The processor images, whose configuration may change. */
class ImagesStage implements Consumer<SpanBatch> {
  readonly #next: Consumer<SpanBatch>;
  #processor: Processor<SpanBatch> | undefined;

  constructor(next: Consumer<SpanBatch>) {
    this.#next = next;
  }

  async configure(config: object): Promise<void> {
    this.#processor = imagesFactory.create(imagesConfigSchema.parse(config), this.#next, testSettings());
    await this.#processor.start();
  }

  consume(batch: SpanBatch): Promise<void> {
    return this.#processor!.consume(batch);
  }
}

/** A whole Signalbox over an embedded server: what is written over HTTP or given to the pipeline can be read over HTTP. */
export class TestStore {
  readonly clickhouse: TestClickHouse;
  readonly url: string;
  /** The first stage of the pipeline: genai, images, clickhouse. */
  readonly pipeline: Consumer<SpanBatch>;
  readonly #images: ImagesStage;
  readonly #stops: (() => Promise<unknown>)[];

  private constructor(
    clickhouse: TestClickHouse,
    url: string,
    pipeline: Consumer<SpanBatch>,
    images: ImagesStage,
    stops: (() => Promise<unknown>)[],
  ) {
    this.clickhouse = clickhouse;
    this.url = url;
    this.pipeline = pipeline;
    this.#images = images;
    this.#stops = stops;
  }

  /** @param options of the API and of images, and what statements tell the server in the address: `?setting=value` */
  static async start(
    options: { readonly api?: object; readonly images?: object; readonly parameters?: string } = {},
  ): Promise<TestStore> {
    const clickhouse = await startTestClickHouse();
    const folder = await mkdtemp(join(tmpdir(), "signalbox-query-"));
    const config = clickhouseConfigSchema.parse({
      endpoint: `${clickhouse.url}${options.parameters ?? ""}`,
      database: clickhouse.database,
      insert: { max_age: "20ms", linger: "5ms" },
      dead_letter: { directory: folder },
    });
    const exporter = new ClickHouseExporter(config, testSettings({ id: "clickhouse", signals: ["traces", "logs"] }));
    await exporter.start();
    const images = new ImagesStage(exporter);
    await images.configure(options.images ?? {});
    const genai = genaiFactory.create(genaiConfigSchema.parse({}), images, testSettings());
    const host = {
      extension: () => undefined,
      exporterConfig: () => ({ type: "clickhouse", config }),
      fatal: (error: Error) => {
        throw error;
      },
    };
    const apiConfig = apiConfigSchema.parse({ endpoint: "127.0.0.1:0", keys: keyConfigs, ...options.api });
    const api = new ApiExtension(apiConfig, testSettings({ id: "api", host }));
    const receiver = zeroevalReceiverFactory.create(
      zeroevalConfigSchema.parse({}),
      { traces: genai, logs: exporter },
      testSettings({ host: { ...host, extension: () => api } }),
    );
    for (const component of [genai, api, receiver]) await component.start();
    api.pipelineReady();
    const url = `http://127.0.0.1:${api.port}`;
    const stop = AbortSignal.timeout(5_000);
    const store = new TestStore(clickhouse, url, genai, images, [
      () => receiver.shutdown(stop),
      () => api.shutdown(),
      () => exporter.shutdown(stop),
      () => clickhouse.stop(),
      () => rm(folder, { recursive: true, force: true }),
    ]);
    await until(async () => (await fetch(`${url}/health`)).ok);
    return store;
  }

  /** As if the processor images had this configuration from now on. */
  configureImages(config: object): Promise<void> {
    return this.#images.configure(config);
  }

  async call(method: string, path: string, body?: unknown, key: KeyName = "a"): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer key-${key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
  }

  get(path: string, key?: KeyName): Promise<Answer> {
    return this.call("GET", path, undefined, key);
  }

  /** Posts, and fails where that is refused. */
  async post(path: string, body: unknown, key?: KeyName): Promise<Answer> {
    const answer = await this.call("POST", path, body, key);
    if (answer.status !== 200) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer;
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) await stop();
  }
}

let nextId = 1;

/** A UUID that no other call has given. */
export function uuidOf(kind: string): string {
  return `${Buffer.from(kind.padEnd(4).slice(0, 4)).toString("hex")}-0000-4000-8000-${(nextId++).toString(16).padStart(12, "0")}`;
}
