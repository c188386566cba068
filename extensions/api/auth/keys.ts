import { createHash } from "node:crypto";
import { defaultProjectId } from "../../../pipeline/ids.ts";
import { credentialsOf, digestOf, sameDigest } from "../../helper/credentials.ts";
import type { KeyConfig } from "../config.ts";
import { ApiError } from "../http/errors.ts";
import type { Caller } from "./caller.ts";

/** Who calls while no key exists: everybody, from this machine alone. */
export const anybody: Caller = {
  projectId: defaultProjectId,
  projectName: "default",
  workspaceId: defaultProjectId,
  access: "read_write",
  keyId: defaultProjectId,
};

interface KnownKey {
  readonly digest: Buffer;
  readonly caller: Caller;
}

/** The keys of the configuration. */
export class KeyRing {
  readonly #keys: readonly KnownKey[];

  constructor(keys: readonly KeyConfig[]) {
    this.#keys = keys.map((key) => ({ digest: digestOf(key.key), caller: callerOf(key) }));
  }

  get isEmpty(): boolean {
    return this.#keys.length === 0;
  }

  /**
   * Who sends a request with the header `authorization`.
   *
   * @throws {ApiError} 401 with a challenge: no header, another scheme, an unknown key
   */
  async callerOf(authorization: string | undefined): Promise<Caller> {
    if (this.isEmpty) return anybody;
    const token = authorization === undefined ? undefined : credentialsOf(authorization, "Bearer");
    if (token === undefined || token === "") throw unauthorized("send Authorization: Bearer <api key>");
    const digest = digestOf(token);
    // Looks at every key, so that the time taken does not tell which one is like it.
    const [found] = this.#keys.filter((key) => sameDigest(key.digest, digest));
    if (found === undefined) throw unauthorized("the api key is unknown or revoked");
    return found.caller;
  }
}

function callerOf({ key, project, project_name, workspace, access }: KeyConfig): Caller {
  const hash = createHash("sha256").update(`signalbox key id ${key}`).digest("hex");
  const keyId = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
  return { projectId: project, projectName: project_name, workspaceId: workspace, access, keyId };
}

function unauthorized(detail: string): ApiError {
  return new ApiError(401, detail, { headers: { "www-authenticate": "Bearer" } });
}
