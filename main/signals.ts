type Request = "stop" | "reload";

/** What the operating system, or a component that cannot go on, asks of the process; one request after the other. */
export class Signals {
  readonly #handlers: readonly (readonly [NodeJS.Signals, () => void])[];
  readonly #requests: Request[] = [];
  #fatal: Error | undefined;
  #wake: (() => void) | undefined;

  constructor() {
    const stop = (): void => this.#push("stop");
    this.#handlers = [
      ["SIGTERM", stop],
      ["SIGINT", stop],
      ["SIGHUP", () => this.#push("reload")],
    ];
    for (const [signal, handler] of this.#handlers) process.on(signal, handler);
  }

  /** Makes the next `next()` throw `error`. */
  fatal(error: Error): void {
    this.#fatal ??= error;
    this.#wake?.();
  }

  /**
   * Waits for the next request.
   *
   * @throws {Error} what `fatal` was given
   */
  async next(): Promise<Request> {
    while (this.#requests.length === 0 && this.#fatal === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#fatal !== undefined) throw this.#fatal;
    return this.#requests.shift()!;
  }

  /** Stops listening; a second SIGINT ends the process then, as it does by default. */
  close(): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
  }

  #push(request: Request): void {
    // Reloads that wait for one another are one reload.
    if (request === "reload" && this.#requests.includes("reload")) return;
    this.#requests.push(request);
    this.#wake?.();
  }
}
