import type { Path } from "./problems.ts";
import type { Report } from "./report.ts";
import { childrenOf, metaOf, type Schema } from "./schema.ts";
import { isMapping } from "./tree.ts";

/** Warns of every key that is set although it does nothing, or has a better successor. */
export function warnOfAcceptedKeys(schemas: readonly Schema[], value: unknown, path: Path, report: Report): void {
  for (const [key, item] of entriesOf(value)) {
    const children = schemas.flatMap((schema) => childrenOf(schema, key));
    const { ignored, successor } = children.map(metaOf).find((meta) => meta.ignored ?? meta.successor) ?? {};
    const place = [...path, key];
    if (ignored !== undefined) report.warning(place, `is accepted without effect: ${ignored}`);
    else if (successor !== undefined) report.warning(place, `is deprecated, use ${successor} instead`);
    if (ignored === undefined) warnOfAcceptedKeys(children, item, place, report);
  }
}

function entriesOf(value: unknown): readonly (readonly [PropertyKey, unknown])[] {
  if (Array.isArray(value)) return [...value.entries()];
  return isMapping(value) ? Object.entries(value) : [];
}
