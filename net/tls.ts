import { rootCertificates, type SecureContextOptions, type Server, type TlsOptions } from "node:tls";
import type { Logger } from "pino";
import type { ServerTlsConfig } from "../config/tls.ts";
import { messageOf } from "../pipeline/errors.ts";
import { checkOwnPem, protocolOptions, readPemFiles } from "./certificates.ts";

/** How often certificates are looked at when `client_ca_file_reload` is set without a `reload_interval`. */
const clientCaReloadMs = 10_000;

/**
 * Reads the certificates `config` names and makes the options of a TLS server of them.
 * With `client_ca_file` the server asks for client certificates and refuses connections without a valid one.
 *
 * @param component id for the error text
 * @throws {Error} `<component>: cannot read tls.<key> <path>: <reason>`, or `cannot use` for what is no certificate or key
 */
export async function serverTlsOptions(config: ServerTlsConfig, component: string): Promise<TlsOptions> {
  const wantsClientCertificate = config.client_ca_file !== undefined;
  return {
    ...(await secureContext(config, component)),
    requestCert: wantsClientCertificate,
    rejectUnauthorized: wantsClientCertificate,
  };
}

/**
 * Reads the certificates again every `reload_interval` and gives them to `server` when they have changed; connections that
 * are open keep theirs. Certificates that cannot be read are reported, and the ones in use stay.
 *
 * @returns stops reading
 */
export function reloadCertificates(
  server: Pick<Server, "setSecureContext">,
  config: ServerTlsConfig,
  component: string,
  logger: Logger,
): () => void {
  const everyMs = config.reload_interval || (config.client_ca_file_reload ? clientCaReloadMs : 0);
  if (everyMs === 0) return () => {};
  let current: string | undefined;
  const reload = async (): Promise<void> => {
    try {
      const context = await secureContext(config, component);
      const read = JSON.stringify(context);
      if (read === current) return;
      // Also the first time: files may have changed since the server read them for its start.
      server.setSecureContext(context);
      if (current !== undefined) logger.info("certificates read again");
      current = read;
    } catch (error) {
      logger.warn({ err: error }, `certificates not read again, the old ones stay in use: ${messageOf(error)}`);
    }
  };
  void reload();
  const timer = setInterval(reload, everyMs).unref();
  return () => clearInterval(timer);
}

async function secureContext(config: ServerTlsConfig, component: string): Promise<SecureContextOptions> {
  const files = await readPemFiles(config, ["cert_file", "key_file", "client_ca_file", "ca_file"], component);
  const ownAuthorities = [files.client_ca_file, files.ca_file ?? config.ca_pem];
  const trusted = [...ownAuthorities, ...(config.include_system_ca_certs_pool ? rootCertificates : [])];
  const authorities = trusted.filter((pem) => pem !== undefined);
  const cert = files.cert_file ?? config.cert_pem;
  const key = files.key_file ?? config.key_pem;
  checkOwnPem(config, { cert, key }, component);
  return {
    cert,
    key,
    ...protocolOptions(config),
    ...(authorities.length > 0 && { ca: authorities }),
  };
}
