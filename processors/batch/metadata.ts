import type { ClientContext } from "../../pipeline/batch.ts";

const nobody: ReadonlyMap<string, string> = new Map();

/** Tells senders apart by the values of some of their metadata. */
export class MetadataKeys {
  readonly #keys: readonly string[];

  /** @param keys names of metadata, in any case */
  constructor(keys: readonly string[]) {
    this.#keys = keys.map((key) => key.toLowerCase());
  }

  /** The same text for contexts with the same values; "" without keys. */
  tupleOf(context: ClientContext | undefined): string {
    if (this.#keys.length === 0) return "";
    return JSON.stringify(this.#keys.map((key) => context?.metadata.get(key) ?? []));
  }

  /**
   * What is true of all senders of a tuple: the values of the keys. Nothing else may go on with a batch of several
   * senders, least of all who they are.
   */
  sharedContext(context: ClientContext | undefined): ClientContext | undefined {
    if (this.#keys.length === 0) return undefined;
    const metadata = new Map<string, readonly string[]>();
    for (const key of this.#keys) {
      const values = context?.metadata.get(key);
      if (values !== undefined) metadata.set(key, values);
    }
    return { metadata, auth: nobody };
  }
}
