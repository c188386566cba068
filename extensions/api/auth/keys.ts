import { createHash } from "node:crypto";
import { defaultProjectId } from "../../../pipeline/ids.ts";
import { digestOf, sameDigest } from "../../helper/credentials.ts";
import type { KeyConfig } from "../config.ts";
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

  /** Who has `key`. Looks at every key, so that the time taken does not tell which one is like it. */
  find(key: string): Caller | undefined {
    const digest = digestOf(key);
    const [found] = this.#keys.filter((known) => sameDigest(known.digest, digest));
    return found?.caller;
  }
}

function callerOf({ key, project, project_name, workspace, access }: KeyConfig): Caller {
  const hash = createHash("sha256").update(`signalbox key id ${key}`).digest("hex");
  const keyId = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
  return { projectId: project, projectName: project_name, workspaceId: workspace, access, keyId };
}
