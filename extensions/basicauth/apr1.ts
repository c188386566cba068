import { createHash, type Hash } from "node:crypto";

const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const rounds = 1_000;
/** Which bytes of the digest make up each group of four characters. */
const groups = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const;

const md5 = (): Hash => createHash("md5");

/**
 * Apache's MD5 password hash, what `htpasswd` writes unless told otherwise.
 *
 * @returns `$apr1$salt$hash`
 * @see https://httpd.apache.org/docs/2.4/misc/password_encryptions.html
 */
export function apr1(password: string, salt: string): string {
  const secret = Buffer.from(password);
  let digest = firstDigest(secret, salt);
  for (let round = 0; round < rounds; round += 1) {
    const hash = md5().update(round % 2 === 1 ? secret : digest);
    if (round % 3 !== 0) hash.update(salt);
    if (round % 7 !== 0) hash.update(secret);
    digest = hash.update(round % 2 === 1 ? digest : secret).digest();
  }
  return `$apr1$${salt}$${encode(digest)}`;
}

function firstDigest(secret: Buffer, salt: string): Buffer {
  const inner = md5().update(secret).update(salt).update(secret).digest();
  const hash = md5().update(secret).update("$apr1$").update(salt);
  for (let left = secret.length; left > 0; left -= 16) hash.update(inner.subarray(0, Math.min(16, left)));
  // For each bit of the length: a zero byte, or the password's first byte.
  for (let bits = secret.length; bits > 0; bits >>= 1) {
    hash.update(bits % 2 === 1 ? Buffer.alloc(1) : secret.subarray(0, 1));
  }
  return hash.digest();
}

function encode(digest: Buffer): string {
  const text = groups.map(([a, b, c]) => characters((digest[a]! << 16) | (digest[b]! << 8) | digest[c]!, 4));
  return text.join("") + characters(digest[11]!, 2);
}

/** Six bits a character, the lowest first. */
function characters(value: number, count: number): string {
  let text = "";
  for (let index = 0; index < count; index += 1) text += alphabet[(value >> (6 * index)) & 63]!;
  return text;
}
