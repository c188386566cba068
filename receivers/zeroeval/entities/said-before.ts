/** Writes of the same things that came recently, so that they are not made again. */
export class SaidBefore {
  /** What was said of each, oldest first, and when it was, or will be, stored. */
  readonly #known = new Map<string, { readonly said: string; readonly stored: Promise<void> }>();
  readonly #max: number;

  /** @param max entities remembered; 0 remembers none */
  constructor(max: number) {
    this.#max = max;
  }

  /**
   * When `said` of `entity` is stored; undefined where it must be written.
   *
   * @param entity project and id
   */
  stored(entity: string, said: string): Promise<void> | undefined {
    const known = this.#known.get(entity);
    return known?.said === said ? known.stored : undefined;
  }

  /** Remembers that `said` is being written. What fails is forgotten again. */
  remember(entity: string, said: string, stored: Promise<void>): void {
    if (this.#max === 0) return;
    const entry = { said, stored };
    this.#known.delete(entity);
    this.#known.set(entity, entry);
    if (this.#known.size > this.#max) this.#known.delete(this.#known.keys().next().value!);
    stored.catch(() => {
      if (this.#known.get(entity) === entry) this.#known.delete(entity);
    });
  }
}
