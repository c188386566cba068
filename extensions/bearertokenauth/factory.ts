import type { ExtensionFactory } from "../../pipeline/factory.ts";
import { type BearerTokenAuthConfig, bearerTokenAuthConfigSchema } from "./config.ts";
import { BearerTokenAuthExtension } from "./extension.ts";

export const bearerTokenAuthFactory: ExtensionFactory<BearerTokenAuthConfig> = {
  type: "bearertokenauth",
  aliases: ["bearer_token_auth"],
  stability: "beta",
  description: "Authenticates receivers' clients and exporters' requests by a secret token.",
  configSchema: bearerTokenAuthConfigSchema,
  create: (config, settings) => new BearerTokenAuthExtension(config, settings),
  checkFiles: (config, settings) => new BearerTokenAuthExtension(config, settings).files.map((file) => file.load()),
};
