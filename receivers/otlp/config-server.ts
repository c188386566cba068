import { z } from "zod";
import { serverTlsSchema } from "../../config/tls.ts";
import { parseEndpoint, type Transport } from "../../net/endpoint.ts";

/** The keys that say where a server listens. */
export function listenKeys(endpoint: string) {
  return {
    endpoint: z
      .string()
      .default(endpoint)
      .describe("Where to listen: host:port, [::1]:port, :port for every interface, or unix:/path."),
    transport: z.enum(["tcp", "unix"]).default("tcp").describe("With unix, endpoint is the path of a socket."),
  };
}

/** Reports an endpoint that cannot be one. */
export function requireEndpoint(
  config: { readonly endpoint: string; readonly transport: Transport },
  context: z.RefinementCtx,
): void {
  if (parseEndpoint(config.endpoint, config.transport) !== undefined) return;
  context.addIssue({
    code: "custom",
    path: ["endpoint"],
    message: "must be host:port, [::1]:port, :port or unix:/path",
    input: config.endpoint,
  });
}

/** `tls:` of a server, which needs a certificate and its key. */
export const tlsSchema = serverTlsSchema.superRefine((tls, context) => {
  if ((tls.cert_file ?? tls.cert_pem) === undefined)
    context.addIssue({ code: "custom", path: ["cert_file"], message: "a server needs cert_file or cert_pem" });
  if ((tls.key_file ?? tls.key_pem) === undefined)
    context.addIssue({ code: "custom", path: ["key_file"], message: "a server needs key_file or key_pem" });
});

export const authSchema = z.strictObject({
  authenticator: z.string().describe("Id of the extension that decides who may send."),
});

/** A section that may be left out or left empty in YAML: both mean its defaults. */
export function emptyByDefault<S extends z.ZodType>(schema: S) {
  return z.preprocess((value) => value ?? {}, schema);
}
