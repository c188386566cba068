/*
 * Numbers in a short run of digits and separators, with the characters beside it. Every step of a repetition takes one
 * digit, so that there is one way to match a text and none makes the expressions slow.
 */
const notAfter = "(?<![\\w.+-])";
const notBefore = "(?![\\w-]|\\.\\d)";

const ipv4Pattern = new RegExp(`(?<![\\w.-])(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})${notBefore}`, "g");

/** An address that others can reach: loopback, private and reserved ones say nothing of a person. */
export function hasIpv4(text: string): boolean {
  for (const [, ...parts] of text.matchAll(ipv4Pattern)) {
    if (parts.some((part) => part.length > 1 && part.startsWith("0"))) continue;
    const [a, b, c, d] = parts.map(Number) as [number, number, number, number];
    if (Math.max(a, b, c, d) <= 255 && isPublic(a, b)) return true;
  }
  return false;
}

function isPublic(a: number, b: number): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false;
  return !((a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 169 && b === 254));
}

const ssnPattern = new RegExp(`${notAfter}(\\d{3})-(\\d{2})-(\\d{4})${notBefore}`, "g");

/** A social security number of the United States, with dashes, in a range that is given out. */
export function hasSsn(text: string): boolean {
  for (const [, area, group, serial] of text.matchAll(ssnPattern)) {
    const isGivenOut =
      area !== "000" && area !== "666" && !area!.startsWith("9") && group !== "00" && serial !== "0000";
    if (isGivenOut) return true;
  }
  return false;
}

const cardPattern = new RegExp(`${notAfter}\\d(?:[ -]?\\d){12,18}${notBefore}`, "g");

/** Beginnings and lengths of card numbers, by network. */
const cardNetworks: readonly RegExp[] = [
  /^4\d{15}(?:\d{3})?$/,
  /^(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}$/,
  /^3[47]\d{13}$/,
  /^(?:6011|65\d{2}|64[4-9]\d)\d{12}(?:\d{3})?$/,
  /^3(?:0[0-5]|[689]\d)\d{11}$/,
  /^35(?:2[89]|[3-8]\d)\d{12}$/,
];

/** A payment card's number: the beginning and length of a network, the check digit of Luhn, digits in groups. */
export function hasCard(text: string): boolean {
  for (const [match] of text.matchAll(cardPattern)) {
    const digits = match.replace(/[ -]/g, "");
    if (isGrouped(match) && cardNetworks.some((network) => network.test(digits)) && isLuhn(digits)) return true;
  }
  return false;
}

/** One number is written without gaps, or in groups of at least four digits but for the last. */
function isGrouped(text: string): boolean {
  const groups = text.split(/[ -]/);
  return groups.length === 1 || groups.slice(0, -1).every((group) => group.length >= 4);
}

export function isLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = digit * 2;
    sum += i % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

const northAmerican = new RegExp(
  `(?<![\\w.-])(?:\\+?1[ .-])?(?:\\([2-9]\\d{2}\\) ?|[2-9]\\d{2}[ .-])\\d{3}[.-]\\d{4}${notBefore}`,
);
/** 9 to 15 digits, each with at most one separator before it. */
const international = new RegExp(`${notAfter}\\+[1-9](?:[ .-]?\\(?\\d\\)?){8,14}${notBefore}`);

/** A telephone number: with `+` and the code of a country, or as North America writes it. Bare digits are no number. */
export function hasPhone(text: string): boolean {
  return northAmerican.test(text) || international.test(text);
}
