import { readFile } from "node:fs/promises";
import {
  rootCertificates,
  type SecureContextOptions,
  type SecureVersion,
  type Server,
  type TlsOptions,
} from "node:tls";
import type { Logger } from "pino";
import type { ServerTlsConfig } from "../config/tls.ts";
import { messageOf } from "../pipeline/errors.ts";
import { cipherList } from "./ciphers.ts";

/** How often certificates are looked at when `client_ca_file_reload` is set without a `reload_interval`. */
const clientCaReloadMs = 10_000;

/**
 * Reads the certificates `config` names and makes the options of a TLS server of them.
 * With `client_ca_file` the server asks for client certificates and refuses connections without a valid one.
 *
 * @param component id for the error text
 * @throws {Error} `<component>: cannot read tls.<key> <path>: <reason>`
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
      if (current !== undefined && read !== current) {
        server.setSecureContext(context);
        logger.info("certificates read again");
      }
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
  const read = (key: "cert_file" | "key_file" | "client_ca_file" | "ca_file"): Promise<string | undefined> =>
    readPem(config, key, component);
  const [certFile, keyFile, clientCa, ca] = await Promise.all([
    read("cert_file"),
    read("key_file"),
    read("client_ca_file"),
    read("ca_file"),
  ]);
  const trusted = [clientCa, ca ?? config.ca_pem, config.include_system_ca_certs_pool ? rootCertificates : undefined];
  const authorities = trusted.flat().filter((pem) => pem !== undefined);
  return {
    cert: certFile ?? config.cert_pem,
    key: keyFile ?? config.key_pem,
    minVersion: `TLSv${config.min_version}` as SecureVersion,
    ...(authorities.length > 0 && { ca: authorities }),
    ...(config.max_version && { maxVersion: `TLSv${config.max_version}` as SecureVersion }),
    ...(config.cipher_suites && { ciphers: cipherList(config.cipher_suites) }),
  };
}

async function readPem(
  config: ServerTlsConfig,
  key: "cert_file" | "key_file" | "client_ca_file" | "ca_file",
  component: string,
): Promise<string | undefined> {
  const path = config[key];
  if (path === undefined) return undefined;
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new Error(`${component}: cannot read tls.${key} ${path}: ${messageOf(error)}`, { cause: error });
  }
}
