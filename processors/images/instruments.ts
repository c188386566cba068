import type { Attributes, Counter, Meter } from "@opentelemetry/api";
import { LabelSets } from "../../telemetry/label-sets.ts";
import type { FailureCode } from "./outcome.ts";

/** What the processor has taken out: `processor_images_*`. */
export class ImageInstruments {
  readonly #extracted: Counter;
  readonly #bytes: Counter;
  readonly #failed: Counter;
  readonly #deduplicated: Counter;
  readonly #labels: Attributes;
  readonly #mediaTypes: LabelSets<string>;
  readonly #codes: LabelSets<FailureCode>;

  constructor(meter: Meter, processor: string) {
    this.#labels = { processor };
    this.#mediaTypes = new LabelSets((mediaType) => ({ processor, media_type: mediaType }));
    this.#codes = new LabelSets((code) => ({ processor, code }));
    this.#extracted = meter.createCounter("processor_images_extracted", {
      description: "Images taken out of spans and kept, by media type",
    });
    this.#bytes = meter.createCounter("processor_images_extracted_bytes", {
      description: "Bytes of these images, decoded",
      unit: "By",
    });
    this.#failed = meter.createCounter("processor_images_failed", {
      description: "Images removed from spans and not kept, by the code that stands in their place",
    });
    this.#deduplicated = meter.createCounter("processor_images_deduplicated", {
      description: "Images that were there already: in the same span, or in the directory or bucket",
    });
  }

  extracted(mediaType: string, bytes: number): void {
    const labels = this.#mediaTypes.of(mediaType);
    this.#extracted.add(1, labels);
    this.#bytes.add(bytes, labels);
  }

  failed(code: FailureCode): void {
    this.#failed.add(1, this.#codes.of(code));
  }

  repeated(): void {
    this.#deduplicated.add(1, this.#labels);
  }
}
