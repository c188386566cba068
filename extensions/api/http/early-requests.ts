import type { IncomingMessage, ServerResponse } from "node:http";
import type { Handler } from "./app.ts";

/**
 * Requests that come before there is what answers them. They keep their place, not their bodies, which nobody reads yet; there
 * are as many as there are connections.
 */
export class EarlyRequests {
  readonly #waiting: { readonly request: IncomingMessage; readonly response: ServerResponse }[] = [];
  #isOpen = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Lets requests wait from now on.
   *
   * @param limitMs after it `tooLate` answers those that still wait, and later ones do not wait; 0 for no limit
   */
  open(limitMs: number, tooLate: Handler): void {
    this.#isOpen = true;
    clearTimeout(this.#timer);
    this.#timer = limitMs === 0 ? undefined : setTimeout(() => this.close(tooLate), limitMs);
  }

  /** Whether the request waits; otherwise it is to be answered now. */
  take(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.#isOpen) this.#waiting.push({ request, response });
    return this.#isOpen;
  }

  /** Has those that wait answered. Safe twice. */
  close(handler: Handler): void {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    for (const { request, response } of this.#waiting.splice(0)) {
      // Whose sender has left: a route would never hear of it, and keep its room.
      if (!response.destroyed) handler(request, response);
    }
  }
}
