import type { Dialect } from "../dialect.ts";

/**
 * OpenTelemetry's general conventions, and the flat names of sessions that ZeroEval's SDK writes beside its own. They
 * are looked for in every span: the session or the user often stands on the root span only, which is no AI span.
 */
export const general: Dialect = {
  name: "general",
  source: "https://github.com/open-telemetry/semantic-conventions/tree/main/docs/general",
  recognise: {},
  rules: [
    {
      target: "SessionId",
      // Logfire's scrubbing takes ids of sessions for secrets.
      when: { not: { attribute: "session.id", equals: ["[Scrubbed due to*"] } },
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
    {
      target: "Tags",
      sources: [
        { attributes: { environment: "deployment.environment.name", user_id: "user.id" } },
        { attributes: { environment: "deployment.environment" } },
        { resources: { environment: "deployment.environment.name" } },
        { resources: { environment: "deployment.environment" } },
      ],
    },
    { target: "ErrorType", sources: ["error.type", { event: "exception", attribute: "exception.type" }] },
    { target: "ErrorMessage", sources: [{ event: "exception", attribute: "exception.message" }, "error.message"] },
    { target: "ErrorStack", sources: [{ event: "exception", attribute: "exception.stacktrace" }] },
  ],
};
