import { type ConnectionOptions, rootCertificates } from "node:tls";
import type { Logger } from "pino";
import type { ClientTlsConfig } from "../config/tls.ts";
import { checkOwnPem, protocolOptions, readPemFiles } from "./certificates.ts";

/**
 * Reads the certificates `config` names and makes the options of TLS connections of them.
 *
 * @param component id for the error text
 * @throws {Error} `<component>: cannot read tls.<key> <path>: <reason>`, or `cannot use` for what is no certificate or key
 */
export async function clientTlsOptions(config: ClientTlsConfig, component: string): Promise<ConnectionOptions> {
  const files = await readPemFiles(config, ["ca_file", "cert_file", "key_file"], component);
  const ca = files.ca_file ?? config.ca_pem;
  const cert = files.cert_file ?? config.cert_pem;
  const key = files.key_file ?? config.key_pem;
  if ((cert === undefined) !== (key === undefined)) {
    throw new Error(`${component}: tls needs both a certificate and its key, or neither`);
  }
  checkOwnPem(config, { cert, key }, component);
  return {
    ...protocolOptions(config),
    rejectUnauthorized: !config.insecure_skip_verify,
    ...(ca && { ca: config.include_system_ca_certs_pool ? [ca, ...rootCertificates] : [ca] }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(config.server_name_override && { servername: config.server_name_override }),
  };
}

/** TLS options that follow their files: looked at when asked for, and `reload_interval` has passed. */
export class ClientTlsSource {
  readonly #config: ClientTlsConfig;
  readonly #component: string;
  readonly #logger: Logger;
  #options: ConnectionOptions | undefined;
  #readAtMs = 0;

  constructor(config: ClientTlsConfig, component: string, logger: Logger) {
    this.#config = config;
    this.#component = component;
    this.#logger = logger;
  }

  /**
   * The same object as before unless the files have changed. Files that cannot be read again are reported, and the
   * options in use stay.
   *
   * @throws {Error} the files cannot be read for the first time
   */
  async options(): Promise<ConnectionOptions> {
    if (this.#options !== undefined && !this.#isDue()) return this.#options;
    this.#readAtMs = performance.now();
    try {
      const read = await clientTlsOptions(this.#config, this.#component);
      if (JSON.stringify(read) !== JSON.stringify(this.#options)) this.#options = read;
    } catch (error) {
      if (this.#options === undefined) throw error;
      this.#logger.warn({ err: error }, "certificates not read again, the old ones stay in use");
    }
    return this.#options!;
  }

  #isDue(): boolean {
    const { reload_interval } = this.#config;
    return reload_interval > 0 && performance.now() - this.#readAtMs >= reload_interval;
  }
}
