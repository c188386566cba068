import type { Route } from "../extensions/api/http/route.ts";
import type { Services } from "../extensions/api/routes.ts";
import { gatewayRoutes } from "./prompts/gateway.ts";
import { Prompts } from "./prompts/prompts.ts";
import { promptRoutes } from "./prompts/routes.ts";
import { PromptVersions } from "./prompts/versions.ts";
import { Records } from "./store/records.ts";

/** Routes of what is stored besides telemetry: prompts, feedback, judges, datasets, experiments, A/B tests. */
export function recordRoutes({ store, reader, logger }: Services): readonly Route[] {
  const records = new Records(store, reader);
  const prompts = new Prompts(records);
  const versions = new PromptVersions(records, logger);
  return [...promptRoutes({ records, prompts, versions }), ...gatewayRoutes];
}
