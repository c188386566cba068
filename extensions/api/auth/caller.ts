/** What a key may do. */
export type Access = "read_write" | "read_only";

/** Who sent a request: what its key says. */
export interface Caller {
  /** UUID; of the default project where no key is needed. */
  readonly projectId: string;
  readonly projectName: string;
  /** UUID. */
  readonly workspaceId: string;
  readonly access: Access;
  /** UUID of the key; the author of feedback. */
  readonly keyId: string;
}
