/** One thing that is wrong with a request. */
export interface Problem {
  /** Where: `["body", 0, "trace_id"]`, `["query", "limit"]`, `["path", "span_id"]`. */
  readonly loc: readonly (string | number)[];
  /** For people. */
  readonly msg: string;
  /** For programs, in snake_case: `missing`, `invalid_uuid`, `out_of_range`. */
  readonly type: string;
}

/** An answer other than success. Its body is `{"detail": detail}`. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly detail: string | readonly Problem[];
  readonly headers: Readonly<Record<string, string>>;
  /** Members of the body beside `detail`. */
  readonly more: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    detail: string | readonly Problem[],
    options: ErrorOptions & {
      readonly headers?: Readonly<Record<string, string>>;
      readonly more?: Readonly<Record<string, unknown>>;
    } = {},
  ) {
    super(
      typeof detail === "string" ? detail : detail.map(({ loc, msg }) => `${loc.join(".")}: ${msg}`).join("; "),
      options,
    );
    this.status = status;
    this.detail = detail;
    this.headers = options.headers ?? {};
    this.more = options.more ?? {};
  }
}

/** 400 for what `problems` lists. */
export function badRequest(problems: readonly Problem[]): ApiError {
  return new ApiError(400, problems);
}

/** 404 in the same words for what does not exist and for what belongs to somebody else. */
export function notFound(what: string): ApiError {
  return new ApiError(404, `${what} not found`);
}
