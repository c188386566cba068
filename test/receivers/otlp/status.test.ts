import { describe, expect, it } from "vitest";
import { PermanentError, RetryableError, StatusCode } from "../../../pipeline/errors.ts";
import { failureOf } from "../../../receivers/otlp/status.ts";

const { INTERNAL, UNAVAILABLE, RESOURCE_EXHAUSTED } = StatusCode;

describe("status of an error", () => {
  it.each([
    ["UNAUTHENTICATED", StatusCode.UNAUTHENTICATED, 401],
    ["PERMISSION_DENIED", StatusCode.PERMISSION_DENIED, 403],
    ["UNIMPLEMENTED", StatusCode.UNIMPLEMENTED, 404],
    ["INVALID_ARGUMENT", StatusCode.INVALID_ARGUMENT, 400],
    ["RESOURCE_EXHAUSTED", RESOURCE_EXHAUSTED, 413],
    ["FAILED_PRECONDITION", StatusCode.FAILED_PRECONDITION, 500],
    ["UNAVAILABLE", INTERNAL, 500],
    ["DEADLINE_EXCEEDED", INTERNAL, 500],
    ["DATA_LOSS", INTERNAL, 500],
  ] as const)("a permanent %s is nothing that clients retry", (name, code, httpStatus) => {
    const failure = failureOf(new PermanentError("no", { code: StatusCode[name] }));
    expect(failure).toEqual({ code, httpStatus, message: "no", retryAfterMs: undefined });
  });

  it.each([
    ["UNAVAILABLE", UNAVAILABLE, 503],
    ["ABORTED", StatusCode.ABORTED, 503],
    ["RESOURCE_EXHAUSTED", RESOURCE_EXHAUSTED, 429],
    ["INTERNAL", UNAVAILABLE, 503],
    ["INVALID_ARGUMENT", UNAVAILABLE, 503],
  ] as const)("a retryable %s is something that clients retry", (name, code, httpStatus) => {
    const failure = failureOf(new RetryableError("later", { code: StatusCode[name], retryAfterMs: 50 }));
    expect(failure).toEqual({ code, httpStatus, message: "later", retryAfterMs: 50 });
  });

  it("keeps messages to what response headers may carry", () => {
    expect(failureOf(new PermanentError("x".repeat(10_000))).message).toHaveLength(2_051);
  });
});
