import { createHash } from "node:crypto";
import { digestOf, sameDigest } from "../helper/credentials.ts";
import { apr1 } from "./apr1.ts";

/** Whether a password is the one of an entry. */
type Check = (password: string) => boolean;

const accepted = "accepted are $apr1$ (what htpasswd writes by default), {SHA}, {SSHA} and plain text";

/**
 * Reads the lines `user:password` of a htpasswd file. Blank lines and lines after `#` count for nothing.
 *
 * @throws {Error} a line without colon or with an unknown hash, or no line at all; names the line, never its content
 */
export function parseHtpasswd(text: string): ReadonlyMap<string, Check> {
  const users = new Map<string, Check>();
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    if (colon <= 0) throw new Error(`line ${index + 1} must be user:password`);
    users.set(line.slice(0, colon), checkOf(line.slice(colon + 1), index + 1));
  }
  if (users.size === 0) throw new Error("holds no user");
  return users;
}

function checkOf(stored: string, line: number): Check {
  if (stored.startsWith("{SHA}")) return shaCheck(stored.slice(5), "");
  if (stored.startsWith("{SSHA}")) return saltedCheck(stored.slice(6));
  if (stored.startsWith("$apr1$")) return apr1Check(stored);
  if (/^\$2[abxy]?\$/.test(stored))
    throw new Error(`line ${line} has a bcrypt password, which is not supported; ${accepted}`);
  if (/^[${]/.test(stored)) throw new Error(`line ${line} has an unknown kind of password hash; ${accepted}`);
  const digest = digestOf(stored);
  return (password) => sameDigest(digest, digestOf(password));
}

function shaCheck(hash: string, salt: Buffer | string): Check {
  const digest = digestOf(hash);
  return (password) => sameDigest(digest, digestOf(createHash("sha1").update(password).update(salt).digest("base64")));
}

/** {SSHA}: base64 of the 20 bytes of SHA-1, then the salt. */
function saltedCheck(stored: string): Check {
  const bytes = Buffer.from(stored, "base64");
  return shaCheck(bytes.subarray(0, 20).toString("base64"), bytes.subarray(20));
}

function apr1Check(stored: string): Check {
  const salt = stored.split("$")[2]!.slice(0, 8);
  const digest = digestOf(stored);
  return (password) => sameDigest(digest, digestOf(apr1(password, salt)));
}
