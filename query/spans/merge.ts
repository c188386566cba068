import { clientVersion } from "../../processors/cost/pricing-run.ts";
import type { SpanRow } from "./row.ts";

/** A span as all of its versions say together. */
export interface MergedSpan {
  readonly row: SpanRow;
  /** Attributes, their types gone into the values. */
  readonly attributes: ReadonlyMap<string, unknown>;
}

const isText = (value: unknown): boolean => value !== "";
const isPresent = (value: unknown): boolean => value !== null;
const hasItems = (value: unknown): boolean => (value as readonly unknown[]).length > 0;

/** Columns whose newest value that says something stands, and when a value does. */
const rules = {
  ParentSpanId: isText,
  SpanKind: (value: unknown) => value !== "Unspecified",
  ServiceName: isText,
  ScopeName: isText,
  ScopeVersion: isText,
  StatusCode: (value: unknown) => value !== "Unset",
  StatusMessage: isText,
  OperationKind: isText,
  Dialect: isText,
  SessionId: isText,
  SessionName: isText,
  Input: isText,
  Output: isText,
  ErrorType: isText,
  ErrorMessage: isText,
  ErrorStack: isText,
  AttachmentIds: hasItems,
  EndedAt: isPresent,
  DurationMs: isPresent,
} as const satisfies Partial<Record<keyof SpanRow, (value: unknown) => boolean>>;

/** The newest cost that the sender has said, else the newest that was computed. As `lastCost` of columns.ts. */
function costOf(versions: readonly SpanRow[]): number | null {
  const priced = versions.filter(({ Cost }) => Cost !== null);
  return (priced.findLast(({ PriceVersion }) => PriceVersion === clientVersion) ?? priced.at(-1))?.Cost ?? null;
}

/**
 * Puts the versions of one span together: newer values overwrite where they are given, attributes and tags key by key.
 *
 * @param versions at least one, the oldest first
 */
export function mergeVersions(versions: readonly SpanRow[]): SpanRow {
  const newest = versions.at(-1)!;
  if (versions.length === 1) return newest;
  const merged: Record<string, unknown> = { ...newest };
  for (const [column, isSet] of Object.entries(rules) as [keyof typeof rules, (value: unknown) => boolean][]) {
    merged[column] = (versions.findLast((version) => isSet(version[column])) ?? newest)[column];
  }
  return {
    ...(merged as unknown as SpanRow),
    ...mergedPairs(versions, "SpanAttribute"),
    ...mergedPairs(versions, "ResourceAttribute"),
    Tags: Object.assign(Object.create(null), ...versions.map(({ Tags }) => Tags)),
    Warnings: [...new Set(versions.flatMap(({ Warnings }) => Warnings))],
    Cost: costOf(versions),
    CreatedAt: versions[0]!.CreatedAt,
    UpdatedAt: newest.UpdatedAt,
  };
}

type Family = "SpanAttribute" | "ResourceAttribute";

/** Attributes with their types, letter by letter; of a repeated key the newest. */
function mergedPairs(versions: readonly SpanRow[], family: Family) {
  const pairs = new Map<string, { readonly value: string; readonly type: string }>();
  for (const version of versions) {
    const values = version[`${family}Values`];
    const types = version[`${family}Types`];
    for (const [index, key] of version[`${family}Keys`].entries()) {
      pairs.set(key, { value: values[index]!, type: types[index] ?? "s" });
    }
  }
  const all = [...pairs.values()];
  return {
    [`${family}Keys`]: [...pairs.keys()],
    [`${family}Values`]: all.map(({ value }) => value),
    [`${family}Types`]: all.map(({ type }) => type).join(""),
  };
}
