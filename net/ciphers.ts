/**
 * The cipher suites in the form OpenSSL takes them.
 *
 * @param names IANA names (`TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`) or OpenSSL names; those of TLS 1.3 are the same in both
 */
export function cipherList(names: readonly string[]): string {
  return names.map(openSslName).join(":");
}

function openSslName(name: string): string {
  const match = /^TLS_(\w+?)_WITH_(\w+)$/.exec(name);
  if (match === null) return name;
  const [, exchange, cipher] = match as unknown as [string, string, string];
  const suffix = cipher
    .replace(/AES_(128|256)_CBC/, "AES$1")
    .replace(/AES_(128|256)/, "AES$1")
    .replace("CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305")
    .replace("3DES_EDE_CBC", "DES-CBC3")
    .replaceAll("_", "-");
  return exchange === "RSA" ? suffix : `${exchange.replaceAll("_", "-")}-${suffix}`;
}
