import type { AttributesView } from "../../pipeline/span-batch/attributes-view.ts";
import type { SpanCursor, SpanEvent, SpanLink } from "../../pipeline/span-batch/cursor.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { AttributeValue } from "../../pipeline/span-batch/value.ts";

const kinds = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const statusCodes = ["unset", "ok", "error"];

/** One line per span: name, ids, attributes. */
export function spanLines(batch: SpanBatch): string {
  const lines: string[] = [];
  for (const span of batch) {
    const pairs = Array.from(span.attributes, ([key, value]) => `${key}=${textOf(value)}`);
    lines.push(["span", span.name, span.traceId, span.spanId, ...pairs].join(" "));
  }
  return lines.join("\n");
}

/** Every part of every span, under a heading for each change of resource or scope. */
export function spanDetails(batch: SpanBatch): string {
  const lines: string[] = [];
  let resource = -1;
  let scope = -1;
  for (const span of batch) {
    if (batch.resourceIndex[span.row] !== resource) {
      resource = batch.resourceIndex[span.row]!;
      scope = -1;
      lines.push(...resourceLines(batch, resource, span));
    }
    if (batch.scopeIndex[span.row] !== scope) {
      scope = batch.scopeIndex[span.row]!;
      lines.push(...scopeLines(batch, scope, span));
    }
    lines.push(...detailLines(batch, span));
  }
  return lines.join("\n");
}

function resourceLines(batch: SpanBatch, index: number, span: SpanCursor): string[] {
  const { schemaUrlStart, schemaUrlLength, droppedAttributesCount } = batch.resources[index]!;
  return [
    `resource #${index}`,
    ...field(1, "schema url", batch.arena.text(schemaUrlStart, schemaUrlLength)),
    ...attributeLines(1, span.resource, droppedAttributesCount),
  ];
}

function scopeLines(batch: SpanBatch, index: number, span: SpanCursor): string[] {
  const { schemaUrlStart, schemaUrlLength, droppedAttributesCount } = batch.scopes[index]!;
  return [
    `  scope #${index} ${span.scopeName} ${span.scopeVersion}`.trimEnd(),
    ...field(2, "schema url", batch.arena.text(schemaUrlStart, schemaUrlLength)),
    ...attributeLines(2, span.scope, droppedAttributesCount),
  ];
}

function detailLines(batch: SpanBatch, span: SpanCursor): string[] {
  const { row } = span;
  const status = `${nameIn(statusCodes, span.statusCode)} ${span.statusMessage}`.trimEnd();
  return [
    `    span #${row} ${span.name}`,
    ...field(3, "trace id", span.traceId),
    ...field(3, "span id", span.spanId),
    ...field(3, "parent id", span.parentSpanId),
    ...field(3, "kind", nameIn(kinds, span.kind)),
    ...field(3, "start", timeOf(span.startTimeUnixNano)),
    ...field(3, "end", timeOf(span.endTimeUnixNano)),
    ...field(3, "status", status),
    ...field(3, "trace state", span.traceState),
    ...field(3, "flags", span.flags === 0 ? "" : `0x${span.flags.toString(16)}`),
    ...attributeLines(3, span.attributes, batch.droppedAttributesCount[row]!),
    ...span.events.flatMap(eventLines),
    ...droppedLine(3, "events", batch.droppedEventsCount[row]!),
    ...span.links.flatMap(linkLines),
    ...droppedLine(3, "links", batch.droppedLinksCount[row]!),
  ];
}

function eventLines(event: SpanEvent, index: number): string[] {
  return [
    `      event #${index} ${event.name}`.trimEnd(),
    ...field(4, "time", timeOf(event.timeUnixNano)),
    ...attributeLines(4, event.attributes, event.droppedAttributesCount),
  ];
}

function linkLines(link: SpanLink, index: number): string[] {
  return [
    `      link #${index}`,
    ...field(4, "trace id", link.traceId),
    ...field(4, "span id", link.spanId),
    ...field(4, "trace state", link.traceState),
    ...field(4, "flags", link.flags === 0 ? "" : `0x${link.flags.toString(16)}`),
    ...attributeLines(4, link.attributes, link.droppedAttributesCount),
  ];
}

function attributeLines(depth: number, attributes: AttributesView, dropped: number): string[] {
  const lines = Array.from(attributes, ([key, value]) => `${"  ".repeat(depth + 1)}${key}: ${textOf(value)}`);
  const heading = lines.length === 0 ? [] : [`${"  ".repeat(depth)}attributes`];
  return [...heading, ...lines, ...droppedLine(depth, "attributes", dropped)];
}

/** A line of its own, or none when there is no value. */
function field(depth: number, name: string, value: string): string[] {
  return value === "" ? [] : [`${"  ".repeat(depth)}${name}: ${value}`];
}

function droppedLine(depth: number, what: string, count: number): string[] {
  return count === 0 ? [] : [`${"  ".repeat(depth)}${what} dropped by the sender: ${count}`];
}

function nameIn(names: readonly string[], index: number): string {
  return names[index] ?? String(index);
}

/** ISO 8601 in UTC with nanoseconds. */
function timeOf(nanos: bigint): string {
  const seconds = new Date(Number(nanos / 1_000_000_000n) * 1_000).toISOString().slice(0, -5);
  return `${seconds}.${(nanos % 1_000_000_000n).toString().padStart(9, "0")}Z`;
}

function textOf(value: AttributeValue): string {
  return typeof value === "string" ? value : JSON.stringify(value, jsonOf);
}

/** What JSON has no form for. */
function jsonOf(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return `base64:${Buffer.from(value).toString("base64")}`;
  if (value instanceof Map) return Object.fromEntries(value);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
