import type { Dialect } from "../dialect.ts";

/** Calls over HTTP and of databases, old and new names: what stands around AI spans. Not AI: no more than the kind. */
export const httpDatabase: Dialect = {
  name: "http_database",
  source: "https://github.com/open-telemetry/semantic-conventions/tree/main/docs",
  recognise: {},
  rules: [
    // A database spoken to over HTTP has both.
    { target: "OperationKind", sources: [{ constant: "database" }], when: { attribute: "db.system.name" } },
    { target: "OperationKind", sources: [{ constant: "database" }], when: { attribute: "db.system" } },
    { target: "OperationKind", sources: [{ constant: "http" }], when: { attribute: "http.request.method" } },
    { target: "OperationKind", sources: [{ constant: "http" }], when: { attribute: "http.method" } },
    { target: "OperationKind", sources: [{ constant: "http" }], when: { attribute: "url.full" } },
  ],
};
