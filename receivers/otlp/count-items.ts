import type { Signal } from "../../pipeline/batch.ts";
import { messageOf, PermanentError, StatusCode } from "../../pipeline/errors.ts";
import { WireReader } from "../../pipeline/span-batch/wire.ts";

/** Messages on the way to the items: which fields lead on, and what they lead to. "item" is what is counted. */
type Path = { readonly [field: number]: Path | "item" };

const points: Path = { 1: "item" };
// ExportMetricsServiceRequest.resource_metrics.scope_metrics.metrics.{gauge, sum, histogram, exponential, summary}.data_points
const metric: Path = { 5: points, 7: points, 9: points, 10: points, 11: points };
const paths: Readonly<Record<Exclude<Signal, "traces">, Path>> = {
  metrics: { 1: { 2: { 2: metric } } },
  // ExportLogsServiceRequest.resource_logs.scope_logs.log_records
  logs: { 1: { 2: { 2: "item" } } },
};

/**
 * Counts the data points or log records of an export request, and checks that the messages down to them are whole.
 *
 * @throws {PermanentError} INVALID_ARGUMENT: not such a message
 */
export function countItems(signal: Exclude<Signal, "traces">, body: Uint8Array): number {
  try {
    return count(new WireReader(body), paths[signal], body.length);
  } catch (error) {
    const message = `otlp: body is no ${signal} request: ${messageOf(error)}`;
    throw new PermanentError(message, { code: StatusCode.INVALID_ARGUMENT, cause: error });
  }
}

function count(reader: WireReader, path: Path | "item", end: number): number {
  let items = path === "item" ? 1 : 0;
  while (reader.position < end) {
    const tag = reader.varint32(end);
    if (tag >>> 3 === 0) throw new Error("field number 0");
    const next = path === "item" ? undefined : path[tag >>> 3];
    if (next === undefined || (tag & 7) !== 2) reader.skip(tag, end);
    else items += count(reader, next, reader.fieldEnd(end));
  }
  return items;
}
