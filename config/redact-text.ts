import { REDACTED } from "./secret.ts";

// The password may hold `/` and `@`; a port, which has only digits and then the path, is none.
const urlPassword = /(:\/\/[^\s:/@]*):(?!\d+(?:[/?#,\s]|$))\S+@/g;
const userPassword = /^([^\s:@/]+):(?!\/\/)([^\s@]+)@/g;
const parameter =
  /\b(pass(?:word|wd)?|secret|token|access_token|api_?key|access_?key|client_secret|sig|signature)=([^\s&;,]+)/gi;

/** The text with the passwords of URLs and of `password=` parameters replaced by `[REDACTED]`. */
export function redactText(text: string): string {
  return text
    .replace(urlPassword, `$1:${REDACTED}@`)
    .replace(userPassword, `$1:${REDACTED}@`)
    .replace(parameter, `$1=${REDACTED}`);
}

// Anchored at the end: `password_file` and `token_attributes` are no secrets.
const secretName =
  /(?:passw(?:or)?d|passphrase|secret|api_?key|access_?key|private_?key|credentials?|authorization|token)$/i;

/** Whether a key of this name holds a secret, for keys that no schema describes. */
export function isSecretName(key: PropertyKey): boolean {
  return typeof key === "string" && secretName.test(key);
}
