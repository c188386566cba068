import type { Logger } from "pino";
import { z } from "zod";
import { attachmentRoutes } from "../../query/attachments/routes.ts";
import type { Reader } from "../../query/reader.ts";
import { seriesRoutes } from "../../query/series/routes.ts";
import { sessionRoutes } from "../../query/sessions/routes.ts";
import { signalReadRoutes } from "../../query/signals/routes.ts";
import { spanRoutes } from "../../query/spans/routes.ts";
import { traceRoutes } from "../../query/traces/routes.ts";
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
  return [
    health,
    ...spanRoutes(services),
    ...traceRoutes(services),
    ...sessionRoutes(services),
    ...signalReadRoutes(services),
    ...attachmentRoutes(services),
    ...seriesRoutes(services),
    ...queryRoutes(new QueryRunner(store, config)),
    ...recordRoutes(services),
  ];
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
