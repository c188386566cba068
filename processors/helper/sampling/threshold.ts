/**
 * Rejection thresholds of OpenTelemetry's consistent probability sampling: of 2^56 equally likely values of randomness an
 * item is kept when its own is at least the threshold. 0 keeps everything.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */
export const neverThreshold = 1n << 56n;

/** The largest randomness: kept by every threshold but `neverThreshold`. */
export const maxRandomness = neverThreshold - 1n;

/** The smallest probability that a threshold can express. */
export const minProbability = 2 ** -56;

const hexDigits = 14;

/** The exponent of `value`, in (0, 1), as a fraction in [0.5, 1) times a power of two. */
function exponentOf(value: number): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  return ((bits.getUint16(0) >>> 4) & 0x7ff) - 1022;
}

/**
 * The threshold that keeps a share of `probability`, in [2^-56, 1].
 *
 * @param precision hexadecimal digits; near 0 and 1 as many more are used as begin with 0 or f, so that the relative error
 * stays the same
 */
export function thresholdOf(probability: number, precision: number): bigint {
  if (probability >= 1) return 0n;
  const extra = (value: number): number => Math.trunc(exponentOf(value) / -4);
  const digits = Math.min(hexDigits, precision + Math.max(extra(probability), extra(1 - probability)));
  const threshold = neverThreshold - BigInt(Math.round(probability * 2 ** 56));
  const shift = BigInt(4 * (hexDigits - digits));
  if (shift === 0n) return threshold;
  return ((threshold + (1n << (shift - 1n))) >> shift) << shift;
}

/** The share of items that a threshold keeps. */
export function probabilityOf(threshold: bigint): number {
  return Number(neverThreshold - threshold) / 2 ** 56;
}

/** The value of `th` in a tracestate: hexadecimal without trailing zeros; "" for `neverThreshold`. */
export function thresholdText(threshold: bigint): string {
  if (threshold === 0n) return "0";
  return threshold >= neverThreshold ? "" : randomnessText(threshold).replace(/0+$/, "");
}

/** The threshold that a `th` says, or undefined when it is none. */
export function parseThreshold(text: string): bigint | undefined {
  return /^[0-9a-fA-F]{1,14}$/.test(text) ? BigInt(`0x${text.padEnd(hexDigits, "0")}`) : undefined;
}

/** The value of `rv` in a tracestate: 14 hexadecimal digits. */
export function randomnessText(randomness: bigint): string {
  return randomness.toString(16).padStart(hexDigits, "0");
}

/** The randomness that an `rv` says, or undefined when it is none. */
export function parseRandomness(text: string): bigint | undefined {
  return /^[0-9a-fA-F]{14}$/.test(text) ? BigInt(`0x${text}`) : undefined;
}
