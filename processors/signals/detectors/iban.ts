/** Characters of an IBAN by country. @see https://www.swift.com/standards/data-standards/iban */
const lengths: ReadonlyMap<string, number> = new Map(
  (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 " +
    "FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 " +
    "LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 " +
    "RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
  )
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);
const minWritten = 15;
/** The longest one, with a space after each four characters. */
const maxWritten = 42;
const isIbanByte = Uint8Array.from({ length: 256 }, (_, byte) => (/[A-Z0-9 ]/.test(String.fromCharCode(byte)) ? 1 : 0));
const startPattern = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}/g;

/**
 * Whether an IBAN with a right check number stands around the digits at `from`: in capital letters, without gaps or in
 * groups of four.
 */
export function isIbanAround(bytes: Uint8Array, start: number, from: number, end: number): boolean {
  let left = from;
  while (left > start && from - left < maxWritten && isIbanByte[bytes[left - 1]!] === 1) left--;
  let right = from;
  while (right < end && right - from < maxWritten && isIbanByte[bytes[right]!] === 1) right++;
  if (right - left < minWritten) return false;
  // With the character before it, which tells whether a word begins here.
  const textStart = Math.max(start, left - 1);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + textStart, right - textStart).toString("latin1");
  for (const { index } of text.matchAll(startPattern)) if (isIban(text.slice(index))) return true;
  return false;
}

function isIban(text: string): boolean {
  const length = lengths.get(text.slice(0, 2));
  if (length === undefined) return false;
  const written = text[4] === " " ? spaced(text, length) : text.slice(0, length);
  if (written === undefined || written.length !== length || written.includes(" ")) return false;
  if (text[4] !== " " && /[A-Z0-9]/.test(text[length] ?? "")) return false;
  return remainder(written) === 1;
}

/** The characters of groups of four; undefined where a group has another size. */
function spaced(text: string, length: number): string | undefined {
  const groups = text.slice(0, length + Math.ceil(length / 4) - 1).split(" ");
  return groups.slice(0, -1).every((group) => group.length === 4) ? groups.join("") : undefined;
}

/** ISO 7064, modulo 97 with the first four characters at the end; letters count from 10. */
function remainder(iban: string): number {
  let rest = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}
