import { type ApiError, badRequest, type Problem } from "../../../extensions/api/http/errors.ts";

export type Place = readonly (string | number)[];

/** Gathers what is wrong with a request: all of it is named, and none of the request is taken. */
export class Problems {
  count = 0;
  readonly listed: Problem[] = [];
  readonly #maxListed: number;

  /** @param maxListed how many the answer names; further ones are counted */
  constructor(maxListed: number) {
    this.#maxListed = maxListed;
  }

  add(loc: Place, msg: string, type: string): void {
    this.count++;
    if (this.listed.length < this.#maxListed) this.listed.push({ loc, msg, type });
  }

  /** @throws {ApiError} 400 when there is any problem */
  throwAny(): void {
    if (this.count === 0) return;
    const unlisted = this.count - this.listed.length;
    const rest = { loc: ["body"], msg: `${unlisted} more problems are not listed`, type: "more_problems" };
    throw badRequest(unlisted === 0 ? this.listed : [...this.listed, rest]);
  }
}

/**
 * The array that a body must be.
 *
 * @throws {ApiError} 400
 */
export function arrayBody(body: unknown, maxItems: number): readonly unknown[] {
  if (!Array.isArray(body)) throw notAnArray();
  if (body.length <= maxItems) return body;
  throw tooManyItems(body.length, maxItems);
}

/** A body is something else than an array. */
export function notAnArray(): ApiError {
  return badRequest([{ loc: ["body"], msg: "the API expects an array", type: "invalid_type" }]);
}

export function tooManyItems(items: number, maxItems: number): ApiError {
  const msg = `has ${items} items, more than the ${maxItems} that are taken at once`;
  return badRequest([{ loc: ["body"], msg, type: "out_of_range" }]);
}
