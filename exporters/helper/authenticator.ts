import { type ClientAuthenticator, isClientAuthenticator } from "../../pipeline/auth.ts";
import type { Settings } from "../../pipeline/component.ts";

/**
 * The extension `auth.authenticator` names, or undefined when there is no `auth`.
 *
 * @throws {Error} there is no such extension, or it cannot authenticate clients
 */
export function clientAuthenticator(
  auth: { readonly authenticator: string } | undefined,
  settings: Settings,
): ClientAuthenticator | undefined {
  if (auth === undefined) return undefined;
  const extension = settings.host.extension(auth.authenticator);
  if (isClientAuthenticator(extension)) return extension;
  const problem = extension === undefined ? "is not listed under service.extensions" : "does not authenticate clients";
  throw new Error(`${settings.id}: auth.authenticator: "${auth.authenticator}" ${problem}`);
}
