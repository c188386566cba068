import type { Dialect } from "./dialect.ts";

const http = ["http.request.method", "http.method"];
const database = ["db.system", "db.system.name"];

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
    {
      target: "SessionId",
      sources: ["session.id", "session_id", "trace.session_id", { resource: "session.id" }, { resource: "session_id" }],
    },
    { target: "SessionName", sources: ["session.name", "session_name", { resource: "session.name" }] },
    { target: "UserId", sources: ["user.id", "enduser.id"] },
    { target: "ErrorType", sources: ["error.type"] },
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
