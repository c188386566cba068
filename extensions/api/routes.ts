import type { Logger } from "pino";
import { z } from "zod";
import type { Reader } from "../../query/reader.ts";
import { recordRoutes } from "../../records/routes.ts";
import type { Store } from "./api.ts";
import type { ApiConfig } from "./config.ts";
import { defineRoute, type Route } from "./http/route.ts";
import { queryRoutes } from "./query/routes.ts";
import { QueryRunner } from "./query/run.ts";

/** What routes are made of. */
export interface Services {
  readonly store: Store;
  readonly reader: Reader;
  readonly config: ApiConfig;
  readonly logger: Logger;
}

/** Every route of the extension itself. Receivers add theirs (`Api.mount`). */
export function ownRoutes(services: Services): readonly Route[] {
  const { store, config } = services;
  return [health, ...queryRoutes(new QueryRunner(store, config)), ...recordRoutes(services)];
}

const health = defineRoute({
  method: "GET",
  path: "/health",
  isProbe: true,
  permission: "public",
  tag: "Service",
  summary: "Whether the API answers",
  responses: { 200: z.object({ status: z.literal("ok") }) },
  handle: () => ({ status: "ok" }),
});
