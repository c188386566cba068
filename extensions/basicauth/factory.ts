import type { ExtensionFactory } from "../../pipeline/factory.ts";
import { BasicAuthClient } from "./client.ts";
import { type BasicAuthConfig, basicAuthConfigSchema } from "./config.ts";
import { BasicAuthServer } from "./server.ts";

export const basicAuthFactory: ExtensionFactory<BasicAuthConfig> = {
  type: "basicauth",
  aliases: ["basic_auth"],
  stability: "beta",
  description: "Authenticates receivers' clients, or exporters' requests, by user and password.",
  configSchema: basicAuthConfigSchema,
  create: ({ htpasswd, client_auth, reload_interval }, settings) =>
    htpasswd === undefined
      ? new BasicAuthClient(client_auth!, reload_interval, settings)
      : new BasicAuthServer(htpasswd, reload_interval, settings),
};
