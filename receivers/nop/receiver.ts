import type { Receiver } from "../../pipeline/component.ts";

/** Receives nothing: the beginning of a pipeline that only has to exist. */
export class NopReceiver implements Receiver {
  async start(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
