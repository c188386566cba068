import { z } from "zod";
import { durationMs } from "../../config/duration.ts";
import { secret } from "../../config/secret.ts";
import { messageOf } from "../../pipeline/errors.ts";
import { parseHtpasswd } from "./htpasswd.ts";

const inline = secret.superRefine((text, context) => {
  try {
    parseHtpasswd(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: messageOf(error) });
  }
});

const onlyOne = (a: unknown, b: unknown): boolean => (a === undefined) !== (b === undefined);

const htpasswd = z
  .strictObject({
    file: z.string().min(1).optional().describe("htpasswd file; read again when it changes."),
    inline: inline.optional().describe("Lines of a htpasswd file: user:password, with $apr1$, {SHA}, {SSHA} or plain."),
  })
  .refine(({ file, inline }) => file !== undefined || inline !== undefined, { error: "must have file or inline" });

const clientAuth = z
  .strictObject({
    username: z.string().min(1).optional().describe("User to send."),
    username_file: z.string().min(1).optional().describe("File that holds the user; read again when it changes."),
    password: secret.optional().describe("Password to send."),
    password_file: z.string().min(1).optional().describe("File that holds the password; read again when it changes."),
  })
  .refine(({ username, username_file }) => onlyOne(username, username_file), {
    error: "must have either username or username_file",
  })
  .refine(({ password, password_file }) => onlyOne(password, password_file), {
    error: "must have either password or password_file",
  });

export const basicAuthConfigSchema = z
  .strictObject({
    htpasswd: htpasswd.optional().describe("Users that receivers accept."),
    client_auth: clientAuth.optional().describe("User that exporters send."),
    reload_interval: durationMs.prefault("5s").describe("How often files are looked at; 0 reads them once."),
  })
  .refine((config) => onlyOne(config.htpasswd, config.client_auth), {
    error: "must have either htpasswd, to authenticate clients, or client_auth, to be one",
  });
export type BasicAuthConfig = z.output<typeof basicAuthConfigSchema>;
export type HtpasswdConfig = z.output<typeof htpasswd>;
export type ClientAuthConfig = z.output<typeof clientAuth>;
