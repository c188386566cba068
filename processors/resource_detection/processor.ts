import type { Batch } from "../../pipeline/batch.ts";
import type { Processor, Settings } from "../../pipeline/component.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { type AttributeAction, applyActions } from "../helper/attribute-actions.ts";
import { resourcesAsOwners } from "../helper/attribute-owners.ts";
import { setAction } from "../helper/set-action.ts";
import type { Attributes, Detection } from "./detection.ts";

/** Makes what gives resources the attributes that were detected last: the work is done per resource. */
export function detectedChange(detection: Detection, override: boolean): (batch: SpanBatch) => void {
  let known: Attributes | undefined;
  let actions: readonly AttributeAction[] = [];
  return (batch) => {
    if (known !== detection.attributes) {
      known = detection.attributes;
      actions = Array.from(known, ([key, value]) => setAction({ action: override ? "upsert" : "insert", key, value }));
    }
    applyActions(actions, resourcesAsOwners(batch), [...batch.resources.keys()], batch.context);
  };
}

/** Starts and ends the detection around a processor that writes what it finds. */
export class ResourceDetectionProcessor<B extends Batch> implements Processor<B> {
  readonly #detection: Detection;
  readonly #writer: Processor<B>;
  readonly #settings: Settings;
  #isStarted = false;

  constructor(detection: Detection, writer: Processor<B>, settings: Settings) {
    this.#detection = detection;
    this.#writer = writer;
    this.#settings = settings;
  }

  get gathers(): boolean {
    return this.#writer.gathers === true;
  }

  async start(): Promise<void> {
    this.#isStarted = true;
    await this.#detection.start(this.#settings.logger);
    await this.#writer.start();
  }

  async shutdown(deadline: AbortSignal): Promise<void> {
    if (this.#isStarted) this.#detection.stop();
    this.#isStarted = false;
    await this.#writer.shutdown(deadline);
  }

  consume(batch: B): Promise<void> {
    return this.#writer.consume(batch);
  }
}
