import type { Condition, Dialect } from "./dialect.ts";

const http = ["http.request.method", "http.method", "url.full"];
const database = ["db.system", "db.system.name"];

/** Logfire takes ids of sessions for secrets, and puts this in their place. */
export const scrubbedSession: Condition = { attribute: "session.id", equals: ["[Scrubbed due to*"] };

/** Attributes that make a span without AI an `http` or a `database` one, after all other evidence of its kind. */
export const plainKinds = { http, database } as const;

/** Exceptions, as OpenTelemetry records them in any span: tried before what dialects say of errors. */
export const exceptions: Dialect = {
  name: "exceptions",
  source: "https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/",
  recognise: {},
  rules: [
    { target: "ErrorType", sources: [{ event: "exception", attribute: "exception.type" }] },
    { target: "ErrorMessage", sources: [{ event: "exception", attribute: "exception.message" }] },
    { target: "ErrorStack", sources: [{ event: "exception", attribute: "exception.stacktrace" }] },
  ],
};

/** What any span may carry, AI or not: tried after all dialects. */
export const general: Dialect = {
  name: "general",
  source: "https://opentelemetry.io/docs/specs/semconv/general/",
  recognise: {},
  rules: [
    // Kinds are an open set: what somebody has named by this word is one, where nothing more particular says another.
    { target: "OperationKind", sources: ["kind", { attribute: "kind", values: { "*": "*" } }] },
    // A model alone makes a call of one.
    { target: "RequestModel", sources: ["model", "llm.model"] },
    {
      target: "SessionId",
      when: { not: scrubbedSession },
      sources: [
        "session.id",
        "session_id",
        "trace.session_id",
        { resource: "zeroeval.session.id" },
        { resource: "session.id" },
        { resource: "session_id" },
        { resource: "trace.session_id" },
      ],
    },
    {
      target: "SessionName",
      sources: [
        "session.name",
        "session_name",
        { resource: "zeroeval.session.name" },
        { resource: "session.name" },
        { resource: "session_name" },
      ],
    },
    { target: "UserId", sources: ["user.id", "enduser.id", { resource: "user.id" }] },
    { target: "ErrorType", sources: ["error.type"] },
    { target: "ErrorMessage", sources: ["error.message"] },
    {
      target: "Tags",
      sources: [
        { attributes: { environment: "deployment.environment.name", user_id: "user.id" } },
        { attributes: { environment: "deployment.environment" } },
        "tags",
        { resources: { environment: "deployment.environment.name" } },
        { resources: { environment: "deployment.environment" } },
      ],
    },
  ],
};
