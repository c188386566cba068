import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { z } from "zod";
import { clickhouseConfigSchema } from "../../../exporters/clickhouse/config.ts";
import { apiConfigSchema } from "../../../extensions/api/config.ts";
import { ApiExtension } from "../../../extensions/api/extension.ts";
import type { Route } from "../../../extensions/api/http/route.ts";
import type { Settings } from "../../../pipeline/component.ts";
import { testSettings } from "../../support/doubles.ts";
import { until } from "../../support/until.ts";

/** A host with one exporter, `clickhouse`. */
export function hostOf(exporter: Readonly<Record<string, unknown>>): Settings["host"] {
  return {
    extension: () => undefined,
    exporterConfig: (id) =>
      id === "clickhouse" ? { type: "clickhouse", config: clickhouseConfigSchema.parse(exporter) } : undefined,
    fatal: (error) => {
      throw error;
    },
  };
}

/** A ClickHouse in which there is nothing: whatever is asked has no rows. */
function emptyStore(): Promise<string> {
  return new Promise((resolve) => {
    const server = createServer((request, response) => {
      request.resume();
      response.end();
    });
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
    server.unref();
  });
}

export interface ApiOptions {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly exporter?: Readonly<Record<string, unknown>>;
  readonly settings?: Partial<Settings>;
}

export function createApi({
  config = {},
  exporter = { endpoint: "http://127.0.0.1:1" },
  settings = {},
}: ApiOptions = {}): ApiExtension {
  const parsed = apiConfigSchema.parse({ endpoint: "127.0.0.1:0", ...config });
  return new ApiExtension(parsed, testSettings({ id: "api", host: hostOf(exporter), ...settings }));
}

/** An API that answers. */
export class TestApi {
  readonly extension: ApiExtension;
  readonly url: string;

  private constructor(extension: ApiExtension) {
    this.extension = extension;
    this.url = `http://127.0.0.1:${extension.port}`;
  }

  /** @param routes in place of the extension's own */
  static async start(routes: readonly Route[] | undefined = undefined, options: ApiOptions = {}): Promise<TestApi> {
    const extension = createApi({ exporter: { endpoint: await emptyStore() }, ...options });
    await extension.start();
    if (routes !== undefined) extension.mount("api", [health, ...routes]);
    extension.pipelineReady();
    const api = new TestApi(extension);
    await until(async () => (await fetch(`${api.url}/health`)).status === 200);
    return api;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.url + path, { headers, redirect: "error" });
  }

  post(path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.url + path, { method: "POST", body, headers, redirect: "error" });
  }

  /** Sends bytes as they are and gives all that comes back until the server closes or `until` has come. */
  raw(bytes: string, until?: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      let answer = "";
      const socket = connect(this.extension.port, "127.0.0.1", () => socket.write(bytes, "latin1"));
      socket.setEncoding("latin1");
      socket.on("data", (chunk) => {
        answer += chunk;
        if (until?.test(answer)) socket.destroy();
      });
      socket.on("error", reject);
      socket.on("close", () => resolve(answer));
    });
  }
}

const health: Route = {
  method: "GET",
  path: "/health",
  permission: "public",
  isProbe: true,
  tag: "Test",
  summary: "answers",
  responses: {},
  handle: () => ({}),
};

/** A route that answers with what it was called with. */
export function echoRoute(overrides: Partial<Route> & Pick<Route, "path">): Route {
  const route: Route = {
    method: "GET",
    permission: "read",
    tag: "Test",
    summary: "says it again",
    params: z.looseObject({}),
    query: z.looseObject({}),
    responses: { 200: z.unknown() },
    handle: ({ params, query, body, caller, url }) => ({
      route: overrides.path,
      params,
      query,
      url,
      project: caller.projectName,
      ...(body === undefined ? {} : { body }),
    }),
    ...overrides,
  };
  return route;
}
