/** What a decoder lets in. A span past one of them is rejected alone; a resource or scope past them fails the request. */
export interface DecodeLimits {
  /** How deep arrays and maps in an attribute's value may nest. */
  readonly maxDepth: number;
  readonly maxAttributesPerSpan: number;
  readonly maxEventsPerSpan: number;
  readonly maxLinksPerSpan: number;
}

export const defaultDecodeLimits: DecodeLimits = {
  maxDepth: 64,
  maxAttributesPerSpan: 10_000,
  maxEventsPerSpan: 10_000,
  maxLinksPerSpan: 10_000,
};
