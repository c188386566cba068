import { decodeTracesJson } from "../otlp/decode-json.ts";
import { messageOf } from "../pipeline/errors.ts";
import type { GenaiConfig } from "../processors/genai/config.ts";
import { type ExplainedSpan, explainBatch } from "../processors/genai/explain.ts";
import { UsageError } from "./context.ts";

type Plain = Record<string, unknown>;

/**
 * Says what the genai processor makes of spans.
 *
 * @param input JSON: an ExportTraceServiceRequest, a part of one (`scopeSpans`, `spans`), a span, or a list of spans
 * @throws {UsageError} the input is none of these
 */
export function explainRequest(
  input: Uint8Array,
  config: GenaiConfig,
): { readonly spans: readonly ExplainedSpan[]; readonly rejectReason: string } {
  const request = requestOf(parse(input));
  const { batch, rejectReason } = decodeTracesJson(Buffer.from(JSON.stringify(request)));
  return { spans: explainBatch(batch, config), rejectReason };
}

function parse(input: Uint8Array): unknown {
  const text = Buffer.from(input).toString();
  if (text.trim() === "") throw new UsageError("map: standard input is empty, must be a span in OTLP/JSON");
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`map: standard input is not JSON: ${messageOf(error)}`, { cause: error });
  }
}

function requestOf(value: unknown): Plain {
  if (Array.isArray(value)) return requestOf({ spans: value });
  if (typeof value !== "object" || value === null) {
    throw new UsageError("map: standard input must be a span in OTLP/JSON, or a request of spans");
  }
  const plain = value as Plain;
  if ("resourceSpans" in plain || "resource_spans" in plain) return plain;
  if ("scopeSpans" in plain || "scope_spans" in plain) return { resourceSpans: [plain] };
  const spans = Array.isArray(plain["spans"]) ? plain["spans"] : [plain];
  const scope = "spans" in plain ? plain["scope"] : undefined;
  return { resourceSpans: [{ scopeSpans: [{ scope, spans: spans.map(withIds) }] }] };
}

/** A span that was copied out of somewhere may lack ids, which a receiver would not take. */
function withIds(span: unknown, index: number): unknown {
  if (typeof span !== "object" || span === null) return span;
  const spanId = (index + 1).toString(16).padStart(16, "0");
  return { traceId: "0".repeat(31).concat("1"), spanId, ...span };
}
