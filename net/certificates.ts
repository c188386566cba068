import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContextOptions, type SecureVersion } from "node:tls";
import type { ClientTlsConfig, ServerTlsConfig } from "../config/tls.ts";
import { messageOf } from "../pipeline/errors.ts";
import { cipherList } from "./ciphers.ts";

/**
 * Reads the PEM files that `keys` of `config` name; undefined for a key that names none.
 *
 * @param component id for the error text
 * @throws {Error} `<component>: cannot read tls.<key> <path>: <reason>`
 */
export async function readPemFiles<Key extends string>(
  config: { readonly [K in Key]?: string | undefined },
  keys: readonly Key[],
  component: string,
): Promise<Readonly<Record<Key, string | undefined>>> {
  const read: Partial<Record<Key, string | undefined>> = {};
  // One after the other, so that of several files that cannot be read the same one is named every time.
  for (const key of keys) read[key] = await readPem(config[key], key, component);
  return read as Record<Key, string | undefined>;
}

async function readPem(path: string | undefined, key: string, component: string): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new Error(`${component}: cannot read tls.${key} ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** The PEM of a certificate and of its key; undefined where there is none. */
interface OwnPem {
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/**
 * Looks whether a certificate and its key can be used, alone and together: OpenSSL's own words name neither of them.
 *
 * @param component id for the error text
 * @throws {Error} `<component>: cannot use tls.<key> <path>: <reason>`
 */
export function checkOwnPem(config: ClientTlsConfig | ServerTlsConfig, { cert, key }: OwnPem, component: string): void {
  const certName = config.cert_file === undefined ? "tls.cert_pem" : `tls.cert_file ${config.cert_file}`;
  const keyName = config.key_file === undefined ? "tls.key_pem" : `tls.key_file ${config.key_file}`;
  const attempt = (names: string, options: SecureContextOptions): void => {
    try {
      // Node takes no certificate at all for none that is wanted; a file is empty while it is being renewed.
      if (options.cert === "" || options.key === "") throw new Error("it is empty");
      createSecureContext(options);
    } catch (error) {
      throw new Error(`${component}: cannot use ${names}: ${messageOf(error)}`, { cause: error });
    }
  };
  if (cert !== undefined) attempt(certName, { cert });
  if (key !== undefined) attempt(keyName, { key });
  if (cert !== undefined && key !== undefined) attempt(`${certName} with ${keyName}`, { cert, key });
}

/** The versions of TLS and the cipher suites that `config` allows. */
export function protocolOptions(config: ClientTlsConfig | ServerTlsConfig): SecureContextOptions {
  return {
    minVersion: `TLSv${config.min_version}` as SecureVersion,
    ...(config.max_version && { maxVersion: `TLSv${config.max_version}` as SecureVersion }),
    ...(config.cipher_suites && { ciphers: cipherList(config.cipher_suites) }),
  };
}
