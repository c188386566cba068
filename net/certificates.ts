import { readFile } from "node:fs/promises";
import type { SecureContextOptions, SecureVersion } from "node:tls";
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
  const read = keys.map(async (key) => [key, await readPem(config[key], key, component)] as const);
  return Object.fromEntries(await Promise.all(read)) as Record<Key, string | undefined>;
}

async function readPem(path: string | undefined, key: string, component: string): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new Error(`${component}: cannot read tls.${key} ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** The versions of TLS and the cipher suites that `config` allows. */
export function protocolOptions(config: ClientTlsConfig | ServerTlsConfig): SecureContextOptions {
  return {
    minVersion: `TLSv${config.min_version}` as SecureVersion,
    ...(config.max_version && { maxVersion: `TLSv${config.max_version}` as SecureVersion }),
    ...(config.cipher_suites && { ciphers: cipherList(config.cipher_suites) }),
  };
}
