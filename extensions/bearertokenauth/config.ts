import { z } from "zod";
import { durationMs } from "../../config/duration.ts";
import { secret } from "../../config/secret.ts";

const tokenText = secret.min(1, "must not be empty");

export const bearerTokenAuthConfigSchema = z
  .strictObject({
    scheme: z.string().default("Bearer").describe("Word before the token; empty for the token alone."),
    header: z
      .string()
      .min(1)
      .default("Authorization")
      .describe("Header, or gRPC metadata key, that carries the token."),
    token: tokenText.optional().describe("The token to send, and to accept."),
    tokens: z.array(tokenText).min(1).optional().describe("Tokens to accept; the first is sent."),
    filename: z
      .string()
      .min(1)
      .optional()
      .describe(
        "File of tokens to accept, one a line; the first is sent. Read again when it changes; token and tokens are ignored then.",
      ),
    reload_interval: durationMs.prefault("5s").describe("How often filename is looked at; 0 reads it once."),
  })
  .refine(({ token, tokens, filename }) => token !== undefined || tokens !== undefined || filename !== undefined, {
    error: "must have token, tokens or filename",
  })
  .refine(({ token, tokens }) => token === undefined || tokens === undefined, {
    error: "must have either token or tokens",
  });
export type BearerTokenAuthConfig = z.output<typeof bearerTokenAuthConfigSchema>;
