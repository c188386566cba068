import { describe, expect, it } from "vitest";
import { mapSpan } from "../../support/genai-span.ts";

describe("general conventions", () => {
  it("make plain spans http or database ones, of no dialect", () => {
    for (const key of ["http.request.method", "http.method"]) {
      expect(mapSpan({ attributes: { [key]: "GET" } })).toEqual({ OperationKind: "http" });
    }
    expect(mapSpan({ attributes: { "url.full": "https://example.com" } })).toEqual({ OperationKind: "http" });
    for (const key of ["db.system", "db.system.name"]) {
      expect(mapSpan({ attributes: { [key]: "postgresql" } })).toEqual({ OperationKind: "database" });
    }
  });

  it("leave a call of a model that is a call over HTTP too a call of a model", () => {
    const attributes = { "http.request.method": "POST", "gen_ai.request.model": "gpt-4o" };
    expect(mapSpan({ attributes })).toMatchObject({ OperationKind: "llm" });
  });

  it("find the session on any span, and on the resource after the span", () => {
    for (const key of ["session.id", "session_id", "trace.session_id"]) {
      expect(mapSpan({ attributes: { [key]: "s-1" }, resource: { "session.id": "s-2" } })).toMatchObject({
        SessionId: "s-1",
      });
      expect(mapSpan({ resource: { [key]: "s-2" } })).toMatchObject({ SessionId: "s-2" });
    }
    expect(mapSpan({ attributes: { "session.name": "Chat", "session.id": "s-1" } })).toMatchObject({
      SessionName: "Chat",
    });
  });

  it("find the user, and say it in a tag", () => {
    expect(mapSpan({ attributes: { "user.id": "u-1" } })).toEqual({ UserId: "u-1", Tags: { user_id: "u-1" } });
    expect(mapSpan({ attributes: { "enduser.id": "u-2" } })).toMatchObject({ UserId: "u-2" });
  });

  it("make the environment a tag, from the span before the resource and today's name before the former", () => {
    const resource = { "deployment.environment.name": "prod", "deployment.environment": "old" };
    expect(mapSpan({ resource })).toEqual({ Tags: { environment: "prod" } });
    expect(mapSpan({ resource, attributes: { "deployment.environment": "staging" } })).toEqual({
      Tags: { environment: "staging" },
    });
  });

  it("take errors from exceptions", () => {
    const attributes = { "exception.type": "E", "exception.message": "m", "exception.stacktrace": "s" };
    expect(mapSpan({ events: [{ name: "exception", attributes }], statusCode: 2 })).toEqual({
      ErrorType: "E",
      ErrorMessage: "m",
      ErrorStack: "s",
    });
  });
});
