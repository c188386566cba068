import { z } from "zod";
import { ApiReply, defineRoute, type Route } from "../../extensions/api/http/route.ts";

const message = "this server stores prompts and traces and is no gateway to models: call the provider itself";

const gatewayError = z
  .object({
    error: z.object({
      message: z.string().describe("Why there is no answer."),
      type: z.literal("not_implemented").describe("What kind of error it is."),
    }),
  })
  .meta({ id: "GatewayError" });

/** Where SDKs would send calls of a model if prompts said so; in the words of that API, they are told that it is not here. */
export const gatewayRoutes: readonly Route[] = ["/v1/chat/completions", "/v1/responses"].map((path) =>
  defineRoute({
    method: "POST",
    path,
    permission: "read",
    tag: "Prompts",
    summary: "Not a gateway to models",
    responses: { 501: gatewayError },
    handle: () => new ApiReply(501, { error: { message, type: "not_implemented" } }),
  }),
);
