import type { AttributeTable } from "../../../pipeline/span-batch/attribute-table.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { type AttributeValue, integerOf, readValue } from "../../../pipeline/span-batch/value.ts";
import type { Expression } from "./expression.ts";

/** What conditions are about. */
export type Context = "span" | "spanevent";

const kindNames = ["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"];

const hex = (column: (batch: SpanBatch) => Uint8Array, bytes: number): Expression => {
  return (batch) => (row) => Buffer.from(column(batch).subarray(row * bytes, (row + 1) * bytes)).toString("hex");
};
const nanos = (column: (batch: SpanBatch) => Uint32Array): Expression => {
  return (batch) => (row) => integerOf(column(batch)[2 * row]!, column(batch)[2 * row + 1]!);
};

/** Paths of a span, without `span.` before them. */
const spanPaths: Readonly<Record<string, Expression>> = {
  name: (batch) => (row) => batch.names.text(batch.nameIndex[row]!),
  kind: (batch) => (row) => batch.kind[row]!,
  "kind.string": (batch) => (row) => kindNames[batch.kind[row]!] ?? "",
  "status.code": (batch) => (row) => batch.statusCode[row]!,
  "status.message":
    ({ arena, statusMessage }) =>
    (row) =>
      arena.text(statusMessage[2 * row]!, statusMessage[2 * row + 1]!),
  "trace_id.string": hex(({ traceId }) => traceId, 16),
  "span_id.string": hex(({ spanId }) => spanId, 8),
  "parent_span_id.string": hex(({ parentSpanId }) => parentSpanId, 8),
  start_time_unix_nano: nanos(({ startTimeUnixNano }) => startTimeUnixNano),
  end_time_unix_nano: nanos(({ endTimeUnixNano }) => endTimeUnixNano),
  // Not in OTTL: nanoseconds from start to end.
  duration:
    ({ startTimeUnixNano: start, endTimeUnixNano: end }) =>
    (row) =>
      (end[2 * row + 1]! - start[2 * row + 1]!) * 0x100000000 + (end[2 * row]! - start[2 * row]!),
};

const eventPaths: Readonly<Record<string, Expression>> = {
  name: (batch) => (_row, event) => batch.names.text(batch.events.nameIndex[event]!),
  time_unix_nano:
    ({ events }) =>
    (_row, event) =>
      integerOf(events.timeUnixNano[2 * event]!, events.timeUnixNano[2 * event + 1]!),
};

const scopePaths: Readonly<Record<string, Expression>> = {
  name: (batch) => (row) => {
    const { nameStart, nameLength } = batch.scopes[batch.scopeIndex[row]!]!;
    return batch.arena.text(nameStart, nameLength);
  },
  version: (batch) => (row) => {
    const { versionStart, versionLength } = batch.scopes[batch.scopeIndex[row]!]!;
    return batch.arena.text(versionStart, versionLength);
  },
};

/** The value of key `key` among the entries of an owner, or nil. */
function attribute(
  key: string,
  tableOf: (batch: SpanBatch) => AttributeTable,
  rangeOf: (batch: SpanBatch, row: number, event: number) => readonly [start: number, end: number],
): Expression {
  return (batch) => {
    const table = tableOf(batch);
    const keyIndex = table.keys.find(key);
    if (keyIndex < 0) return () => null;
    return (row, event): AttributeValue => {
      const [start, end] = rangeOf(batch, row, event);
      const entry = table.find(start, end, keyIndex);
      if (entry < 0) return null;
      return readValue(batch.arena, table.types[entry]!, table.words[2 * entry]!, table.words[2 * entry + 1]!);
    };
  };
}

const ofSpan = (key: string): Expression =>
  attribute(
    key,
    (batch) => batch.attributes,
    (batch, row) => [batch.attributeStart[row]!, batch.attributeEnd[row]!],
  );
const ofEvent = (key: string): Expression =>
  attribute(
    key,
    (batch) => batch.eventAttributes,
    ({ events }, _row, event) => [events.attributeStart[event]!, events.attributeEnd[event]!],
  );
const ofResource = (key: string): Expression =>
  attribute(
    key,
    (batch) => batch.resourceAttributes,
    ({ resources, resourceIndex }, row) => {
      const { attributeStart, attributeEnd } = resources[resourceIndex[row]!]!;
      return [attributeStart, attributeEnd];
    },
  );
const ofScope = (key: string): Expression =>
  attribute(
    key,
    (batch) => batch.resourceAttributes,
    ({ scopes, scopeIndex }, row) => {
      const { attributeStart, attributeEnd } = scopes[scopeIndex[row]!]!;
      return [attributeStart, attributeEnd];
    },
  );

interface Owner {
  readonly paths: Readonly<Record<string, Expression>>;
  readonly attribute: (key: string) => Expression;
}

const owners: Readonly<Record<string, Owner>> = {
  span: { paths: spanPaths, attribute: ofSpan },
  spanevent: { paths: eventPaths, attribute: ofEvent },
  resource: { paths: {}, attribute: ofResource },
  scope: { paths: scopePaths, attribute: ofScope },
  instrumentation_scope: { paths: scopePaths, attribute: ofScope },
};

/**
 * What a path such as `resource.attributes["k"]` reads.
 *
 * @param names the parts between dots
 * @param key what stands in brackets
 * @returns undefined for a path that is not known here
 */
export function pathOf(names: readonly string[], key: string | undefined, context: Context): Expression | undefined {
  const isQualified = owners[names[0]!] !== undefined && names.length > 1;
  const ownerName = isQualified ? names[0]! : context;
  if (ownerName === "spanevent" && context === "span") return undefined;
  const owner = owners[ownerName]!;
  const rest = isQualified ? names.slice(1) : names;
  if (key === undefined) return Object.hasOwn(owner.paths, rest.join(".")) ? owner.paths[rest.join(".")] : undefined;
  return rest.join(".") === "attributes" ? owner.attribute(key) : undefined;
}
