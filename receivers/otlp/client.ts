import { isServerAuthenticator, type ServerAuthenticator } from "../../pipeline/auth.ts";
import type { ClientContext } from "../../pipeline/batch.ts";
import type { Host } from "../../pipeline/component.ts";
import { messageOf, PermanentError, RetryableError, StatusCode } from "../../pipeline/errors.ts";

type Headers = ReadonlyMap<string, readonly string[]>;

const noHeaders: Headers = new Map();
const noAuth: ReadonlyMap<string, string> = new Map();

/** Learns who sends: keeps headers where `include_metadata` asks for them, and asks the authenticator. */
export class ClientReader {
  readonly #includeMetadata: boolean;
  readonly #authenticator: ServerAuthenticator | undefined;

  constructor(includeMetadata: boolean, authenticator: ServerAuthenticator | undefined) {
    this.#includeMetadata = includeMetadata;
    this.#authenticator = authenticator;
  }

  /** Whether `read` does anything; the hot path asks first. */
  get isNeeded(): boolean {
    return this.#includeMetadata || this.#authenticator !== undefined;
  }

  /**
   * @param rawHeaders names and values in turn, as Node gives them
   * @param parameters further values for the authenticator alone
   * @throws {PermanentError} UNAUTHENTICATED, or what the authenticator says
   * @throws {RetryableError} the authenticator cannot decide now
   */
  async read(rawHeaders: readonly string[], parameters: Headers = noHeaders): Promise<ClientContext | undefined> {
    if (!this.isNeeded) return undefined;
    const headers = headerMap(rawHeaders);
    const auth = this.#authenticator ? await authenticate(this.#authenticator, headers, parameters) : noAuth;
    return { metadata: this.#includeMetadata ? headers : noHeaders, auth };
  }
}

/**
 * Finds the authenticator `id` among the extensions.
 *
 * @throws {Error} there is none, or it cannot authenticate
 */
export function findAuthenticator(host: Host, id: string, component: string): ServerAuthenticator {
  const extension = host.extension(id);
  if (extension === undefined)
    throw new Error(`${component}: auth.authenticator: "${id}" is not listed under service.extensions`);
  if (!isServerAuthenticator(extension))
    throw new Error(`${component}: auth.authenticator: "${id}" is not an extension that authenticates`);
  return extension;
}

async function authenticate(
  authenticator: ServerAuthenticator,
  headers: Headers,
  parameters: Headers,
): Promise<ReadonlyMap<string, string>> {
  try {
    return await authenticator.authenticate(parameters.size === 0 ? headers : new Map([...parameters, ...headers]));
  } catch (error) {
    if (error instanceof RetryableError) throw error;
    if (error instanceof PermanentError && error.code === StatusCode.PERMISSION_DENIED) throw error;
    throw new PermanentError(messageOf(error), { code: StatusCode.UNAUTHENTICATED, cause: error });
  }
}

function headerMap(rawHeaders: readonly string[]): Headers {
  const headers = new Map<string, string[]>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (name.startsWith(":")) continue;
    const values = headers.get(name);
    if (values === undefined) headers.set(name, [rawHeaders[i + 1]!]);
    else values.push(rawHeaders[i + 1]!);
  }
  return headers;
}
