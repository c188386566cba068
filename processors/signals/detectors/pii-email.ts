const isLocalByte = Uint8Array.from({ length: 256 }, (_, byte) => (/[\w.%+-]/.test(String.fromCharCode(byte)) ? 1 : 0));
const isDomainByte = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[A-Za-z0-9.-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);
const maxLocal = 64;
const maxDomain = 253;
const colon = 0x3a;

/** Names of files that look like domains, as in `icon@2x.png`. */
const fileTypes = new Set(
  "png jpg jpeg gif svg webp avif ico pdf js mjs ts tsx jsx css json html md py txt".split(" "),
);
const domainPattern = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+([A-Za-z]{2,24})\.*$/;

/** Whether the `@` at `at` is that of an e-mail address within `[start, end)`. */
export function isEmailAt(bytes: Uint8Array, start: number, at: number, end: number): boolean {
  const from = Math.max(start, at - maxLocal);
  let local = at;
  while (local > from && isLocalByte[bytes[local - 1]!] === 1) local--;
  if (local === at) return false;
  const limit = Math.min(end, at + 1 + maxDomain);
  let domainEnd = at + 1;
  while (domainEnd < limit && isDomainByte[bytes[domainEnd]!] === 1) domainEnd++;
  if (domainEnd - at < 5) return false;
  const domain = domainPattern.exec(latin1(bytes, at + 1, domainEnd));
  if (domain === null || fileTypes.has(domain[1]!.toLowerCase())) return false;
  // `git@github.com:owner/repository` is where code lies.
  return !(domainEnd < end && bytes[domainEnd] === colon && latin1(bytes, local, at) === "git");
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("latin1");
}
