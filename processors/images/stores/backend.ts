import type { CollectedImage } from "../collector.ts";
import type { Media } from "../media/sniff.ts";

/** Where images are stored outside of ClickHouse. An image's name is made of its hash, so nothing is ever overwritten. */
export interface Backend {
  /** Makes sure that it can be written to. */
  start(): Promise<void>;
  /** Where the image is, or will be, stored. */
  urlOf(id: string, media: Media): string;
  /**
   * Stores the image unless it is there already; says whether it had to be.
   *
   * @throws when it is not stored; another attempt may succeed
   */
  write(image: CollectedImage, bytes: Buffer): Promise<boolean>;
}

/** `<two digits>/<hash>.<extension>`: the digits keep folders small. */
export function nameOf(id: string, media: Media): string {
  return `${id.slice(0, 2)}/${id}.${media.extension}`;
}
