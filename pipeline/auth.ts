import type { Extension } from "./component.ts";

/**
 * Attribute of `ClientContext.auth`: the project, as in column ProjectId, whose telemetry a client sends. Receivers
 * write it into the batch.
 */
export const authProject = "signalbox.project";

/** An extension that tells receivers who sent a request; `auth.authenticator` of a receiver names it. */
export interface ServerAuthenticator extends Extension {
  /**
   * Checks the credentials of one request.
   *
   * @param headers request headers or gRPC metadata; names in lower case, several values in the order they came
   * @returns what was learned, such as `subject` or `username`; becomes `ClientContext.auth`
   * @throws {PermanentError} code UNAUTHENTICATED: the request must be answered with 401 or Unauthenticated
   */
  authenticate(headers: ReadonlyMap<string, readonly string[]>): Promise<ReadonlyMap<string, string>>;
}

/** An extension that gives exporters the headers that prove who they are; `auth.authenticator` of an exporter names it. */
export interface ClientAuthenticator extends Extension {
  /** Headers to add to one request; asked for each request, since they may change. Never logged. */
  headers(): Promise<Readonly<Record<string, string>>>;
}

/** Whether a receiver may use `extension`. */
export function isServerAuthenticator(extension: Extension | undefined): extension is ServerAuthenticator {
  return extension !== undefined && "authenticate" in extension && typeof extension.authenticate === "function";
}

/** Whether an exporter may use `extension`. */
export function isClientAuthenticator(extension: Extension | undefined): extension is ClientAuthenticator {
  return extension !== undefined && "headers" in extension && typeof extension.headers === "function";
}
