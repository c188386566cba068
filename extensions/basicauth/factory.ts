import type { ExtensionFactory, FileSettings } from "../../pipeline/factory.ts";
import { BasicAuthClient } from "./client.ts";
import { type BasicAuthConfig, basicAuthConfigSchema } from "./config.ts";
import { BasicAuthServer } from "./server.ts";

export const basicAuthFactory: ExtensionFactory<BasicAuthConfig> = {
  type: "basicauth",
  aliases: ["basic_auth"],
  stability: "beta",
  description: "Authenticates receivers' clients, or exporters' requests, by user and password.",
  configSchema: basicAuthConfigSchema,
  create: authenticatorOf,
  checkFiles: (config, settings) => authenticatorOf(config, settings).files.map((file) => file.load()),
};

function authenticatorOf(
  { htpasswd, client_auth, reload_interval }: BasicAuthConfig,
  settings: FileSettings,
): BasicAuthServer | BasicAuthClient {
  return htpasswd === undefined
    ? new BasicAuthClient(client_auth!, reload_interval, settings)
    : new BasicAuthServer(htpasswd, reload_interval, settings);
}
