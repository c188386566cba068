import { ClickHouseError } from "@clickhouse/client";
import { describe, expect, test } from "vitest";
import { ApiError } from "../../../../extensions/api/http/errors.ts";
import { asApiError, writeError } from "../../../../extensions/api/http/failures.ts";
import { PermanentError, RetryableError, StatusCode } from "../../../../pipeline/errors.ts";

const fromServer = (code: string, type: string, message: string) => new ClickHouseError({ code, type, message });
const fromNetwork = (code: string) => Object.assign(new Error("connect failed"), { code });

describe("errors of routes", () => {
  test.each([
    ["a query that takes too long", fromServer("159", "TIMEOUT_EXCEEDED", "Timeout exceeded"), 400],
    ["a query that takes too much memory", fromServer("241", "MEMORY_LIMIT_EXCEEDED", "(for query) memory"), 400],
    ["a server without memory", fromServer("241", "MEMORY_LIMIT_EXCEEDED", "(total) memory limit exceeded"), 503],
    ["a server with too many queries", fromServer("202", "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many"), 503],
    ["tables that are not there yet", fromServer("60", "UNKNOWN_TABLE", "Unknown table"), 503],
    ["a statement that is wrong", fromServer("62", "SYNTAX_ERROR", "Syntax error near secret"), 500],
    ["a server that is away", fromNetwork("ECONNREFUSED"), 503],
    ["a server that goes away", fromNetwork("ECONNRESET"), 503],
    ["a server that does not answer", new Error("Timeout error."), 503],
    ["a pipeline that is full", new RetryableError("full", { retryAfterMs: 100 }), 503],
    ["a body that is too large", new PermanentError("x", { code: StatusCode.RESOURCE_EXHAUSTED }), 413],
    ["a fault of ours", new TypeError("cannot read secret"), 500],
  ])("%s", (_what, error, status) => {
    const answer = asApiError(error);
    expect(answer.status).toBe(status);
    if (status === 503) expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
    if (status === 500) expect(String(answer.detail)).not.toContain("secret");
  });

  test("one that is an answer already stays as it is", () => {
    const error = new ApiError(418, "short and stout");
    expect(asApiError(error)).toBe(error);
  });
});

describe("rows that the store does not take", () => {
  test.each([
    ["a value that it will never take", fromServer("117", "INCORRECT_DATA", "Size of JSON object"), 400],
    ["a number out of range", fromServer("321", "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE", "x"), 400],
    ["a statement that is wrong", fromServer("62", "SYNTAX_ERROR", "Syntax error near secret"), 500],
    ["a column that is not there", fromServer("16", "NO_SUCH_COLUMN_IN_TABLE", "x"), 500],
    ["tables that are not there yet", fromServer("60", "UNKNOWN_TABLE", "Unknown table"), 503],
    ["a server without memory", fromServer("241", "MEMORY_LIMIT_EXCEEDED", "(total) memory limit exceeded"), 503],
    ["a table with too many parts", fromServer("252", "TOO_MANY_PARTS", "Too many parts (3000)"), 503],
    ["a user that may not write", fromServer("497", "ACCESS_DENIED", "x"), 503],
    ["a code that is not known", fromServer("4711", "NEW_CODE", "x"), 503],
    ["a server that is away", fromNetwork("ECONNREFUSED"), 503],
  ])("%s", (_what, error, status) => {
    const { headers, ...answer } = writeError(error);
    expect(answer.status).toBe(status);
    expect(String(answer.detail)).not.toContain("secret");
    expect(headers["retry-after"] === undefined).toBe(status !== 503);
  });
});
