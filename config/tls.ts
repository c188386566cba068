import { z } from "zod";
import { durationMs } from "./duration.ts";
import { secret } from "./secret.ts";

const version = z.enum(["1.0", "1.1", "1.2", "1.3"]);

const commonTls = {
  ca_file: z.string().optional().describe("PEM file of the certificate authorities to trust."),
  ca_pem: z.string().optional().describe("The same, in the configuration itself."),
  cert_file: z.string().optional().describe("PEM file of the own certificate."),
  cert_pem: z.string().optional().describe("The same, in the configuration itself."),
  key_file: z.string().optional().describe("PEM file of the certificate's key."),
  key_pem: secret.optional().describe("The same, in the configuration itself."),
  min_version: version.default("1.2").describe("Lowest TLS version spoken."),
  max_version: version.optional().describe("Highest TLS version spoken; the newest when left out."),
  cipher_suites: z.array(z.string()).optional().describe("Cipher suites offered, by their IANA or OpenSSL names."),
  include_system_ca_certs_pool: z.boolean().default(false).describe("Trust the system's authorities too."),
  reload_interval: durationMs.prefault("0s").describe("How often the files are read again; 0 reads them once."),
};

/** `tls:` of something that connects; the Collector's configtls client keys. */
export const clientTlsSchema = z.strictObject({
  ...commonTls,
  insecure: z.boolean().default(false).describe("No TLS at all."),
  insecure_skip_verify: z.boolean().default(false).describe("Do not verify the server's certificate."),
  server_name_override: z.string().optional().describe("Name to verify the server's certificate against."),
});
export type ClientTlsConfig = z.output<typeof clientTlsSchema>;

/** `tls:` of something that listens; the Collector's configtls server keys. */
export const serverTlsSchema = z.strictObject({
  ...commonTls,
  client_ca_file: z.string().optional().describe("Authorities whose client certificates are required and verified."),
  client_ca_file_reload: z.boolean().default(false).describe("Read client_ca_file again when it changes."),
});
export type ServerTlsConfig = z.output<typeof serverTlsSchema>;
