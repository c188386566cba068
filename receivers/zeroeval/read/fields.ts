import type { Place, Problems } from "./problems.ts";
import { type Nanos, readTime } from "./times.ts";
import { isZeroHalf, readUuid } from "./uuid-bytes.ts";

const notText = ["must be a string", "invalid_type"] as const;

/** Reads the fields of one object of a request after the other. Null is as good as nothing, as SDKs send it. */
export class Fields {
  readonly problems: Problems;
  #object: Readonly<Record<string, unknown>> = {};
  #place: Place = [];
  #index = 0;

  constructor(problems: Problems) {
    this.problems = problems;
  }

  /** Goes on with item `index` of a body; says whether it is an object at all. */
  begin(item: unknown, index: number): item is Readonly<Record<string, unknown>> {
    this.beginItem(index);
    if (typeof item !== "object" || item === null || Array.isArray(item)) {
      this.problems.add(["body", index], "must be an object", "invalid_type");
      return false;
    }
    this.#object = item as Readonly<Record<string, unknown>>;
    return true;
  }

  /** Goes on with an object that is the body itself. */
  beginBody(body: Readonly<Record<string, unknown>>, place: Place = ["body"]): void {
    this.#object = body;
    this.#place = place;
  }

  /** What is wrong from now on is of item `index` of the body. */
  protected beginItem(index: number): void {
    this.#index = index;
    this.#place = [];
  }

  loc(...rest: Place): Place {
    return this.#place.length > 0 ? [...this.#place, ...rest] : ["body", this.#index, ...rest];
  }

  value(name: string): unknown {
    return this.#object[name] ?? undefined;
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === "string") return value;
    this.problems.add(this.loc(name), ...notText);
    return undefined;
  }

  requiredText(name: string): string {
    const value = this.value(name);
    if (typeof value === "string" && value !== "") return value;
    if (value === undefined) this.missing(name);
    else if (value === "") this.problems.add(this.loc(name), "must not be empty", "too_short");
    else this.problems.add(this.loc(name), ...notText);
    return "";
  }

  /** A number, at least `min` where that is given. */
  number(name: string, min?: number): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value !== "number" || !Number.isFinite(value))
      this.problems.add(this.loc(name), "must be a number", "invalid_type");
    else if (min !== undefined && value < min)
      this.problems.add(this.loc(name), `must be ${min} or more`, "out_of_range");
    else return value;
    return undefined;
  }

  integer(name: string): number | undefined {
    const value = this.number(name);
    if (value === undefined || Number.isSafeInteger(value)) return value;
    this.problems.add(this.loc(name), "must be a whole number", "invalid_type");
    return undefined;
  }

  object(name: string): Readonly<Record<string, unknown>> | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value === "object" && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
    this.problems.add(this.loc(name), "must be an object", "invalid_type");
    return undefined;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    const known = allowed.find((one) => one === value);
    if (known === undefined) this.problems.add(this.loc(name), `must be one of ${allowed.join(", ")}`, "invalid_value");
    return known;
  }

  /** Reads a time into `into`; false where there is none, or none that can be stored. */
  time(name: string, into: Nanos): boolean {
    const value = this.value(name);
    if (value === undefined) return false;
    const fault = readTime(value, into);
    if (fault === undefined) return true;
    if (fault === "is out of range")
      this.problems.add(this.loc(name), "must be of the years 1970 to 2261", "out_of_range");
    else
      this.problems.add(
        this.loc(name),
        "must be a time as ISO 8601 has it, or a number of seconds since 1970",
        "invalid_time",
      );
    return false;
  }

  requiredTime(name: string, into: Nanos): boolean {
    if (this.value(name) === undefined) this.missing(name);
    return this.time(name, into);
  }

  /** Reads a UUID that is not all zeros into `uuidBytes`; false where there is none. */
  uuid(name: string): boolean {
    const value = this.value(name);
    if (value === undefined) return false;
    if (typeof value !== "string" || !readUuid(value))
      this.problems.add(this.loc(name), "must be a UUID", "invalid_uuid");
    else if (isZeroHalf(0) && isZeroHalf(8)) this.problems.add(this.loc(name), "must not be all zeros", "invalid_uuid");
    else return true;
    return false;
  }

  requiredUuid(name: string): boolean {
    if (this.value(name) === undefined) this.missing(name);
    return this.uuid(name);
  }

  missing(name: string): void {
    this.problems.add(this.loc(name), "is required", "missing");
  }
}
