import { badRequest } from "../../extensions/api/http/errors.ts";

/** Lengths that a bucket has when nobody says one, in seconds. */
const niceSeconds = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800];
const wanted = 120;

const perSecond = 1_000_000_000n;
const dayNs = 86_400n * perSecond;

/** A range of time in buckets of one length, which begin at whole multiples of it since 1970. */
export interface Buckets {
  /** Nanoseconds since the epoch; to is not included. */
  readonly from: bigint;
  readonly to: bigint;
  readonly seconds: number;
}

/** What is asked for. */
export interface BucketsRequest {
  /** Nanoseconds since the epoch. */
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
  /** Of a bucket; left out: one that makes some hundred of them. */
  readonly sizeMs: number | undefined;
  readonly maxBuckets: number;
}

/**
 * @throws {ApiError} 400: more than `maxBuckets`, or nothing between from and to
 */
export function bucketsOf({ from, to, sizeMs, maxBuckets }: BucketsRequest, nowMs: number): Buckets {
  const end = to ?? BigInt(nowMs) * 1_000_000n;
  const start = from ?? end - dayNs;
  if (start >= end) throw badRequest([{ loc: ["query", "from"], msg: "must be before to", type: "out_of_range" }]);
  const length = Number((end - start) / perSecond) + 1;
  const seconds = sizeMs === undefined ? niceSize(length) : Math.max(1, Math.round(sizeMs / 1_000));
  if (length / seconds > maxBuckets) {
    const msg = `makes more than ${maxBuckets} buckets of ${seconds} s: say a shorter time, or a longer bucket`;
    throw badRequest([{ loc: ["query", "bucket"], msg, type: "out_of_range" }]);
  }
  return { from: start, to: end, seconds };
}

function niceSize(length: number): number {
  const weeks = niceSeconds.at(-1)!;
  return niceSeconds.find((seconds) => length / seconds <= wanted) ?? weeks * Math.ceil(length / (weeks * wanted));
}
