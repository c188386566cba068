import type { Caller } from "../../../extensions/api/auth/caller.ts";
import { ApiReply } from "../../../extensions/api/http/route.ts";
import type { DecodeLimits } from "../../../otlp/decode-limits.ts";
import { storedProjectId } from "../../../pipeline/ids.ts";
import { setProject } from "../../../pipeline/span-batch/project.ts";
import { type Encoding, exportResponse, type PartialSuccess, statusMessage } from "../../otlp/answer.ts";
import { decodeTraces } from "../../otlp/decode.ts";
import { contentTypes, encodingOf } from "../../otlp/http-headers.ts";
import { failureOf } from "../../otlp/status.ts";
import type { ZeroevalConfig } from "../config.ts";
import type { Pipeline } from "../pipeline.ts";

/** Takes OTLP over HTTP: as the receiver `otlp` does, for the project of the key. */
export class OtlpIntake {
  readonly #pipeline: Pipeline;
  readonly #limits: DecodeLimits;

  constructor(config: ZeroevalConfig, pipeline: Pipeline) {
    this.#pipeline = pipeline;
    this.#limits = {
      maxDepth: config.max_depth,
      maxAttributesPerSpan: config.max_attributes_per_span,
      maxEventsPerSpan: config.max_events_per_span,
      maxLinksPerSpan: config.max_links_per_span,
    };
  }

  /** Answers in the encoding of the request, errors too, as OTLP's clients expect. */
  async export(contentType: string | undefined, body: Buffer, caller: Caller): Promise<ApiReply> {
    const encoding = encodingOf(contentType);
    if (encoding === undefined) {
      const supported = Object.values(contentTypes).join(", ");
      return new ApiReply(415, { detail: `unsupported media type, supported: ${supported}` });
    }
    try {
      const partial = await this.#take(encoding, body, caller);
      return reply(200, encoding, exportResponse("traces", encoding, partial));
    } catch (error) {
      const failure = failureOf(error);
      const answer = statusMessage(failure, encoding);
      if (failure.retryAfterMs === undefined) return reply(failure.httpStatus, encoding, answer);
      const seconds = Math.max(Math.ceil(failure.retryAfterMs / 1_000), 1);
      return reply(failure.httpStatus, encoding, answer, { "retry-after": String(seconds) });
    }
  }

  async #take(encoding: Encoding, body: Buffer, caller: Caller): Promise<PartialSuccess | undefined> {
    const { batch, rejectedSpans, rejectReason } = decodeTraces(encoding, body, this.#limits);
    setProject(batch, storedProjectId(caller.projectId));
    await this.#pipeline.consume(batch);
    if (rejectedSpans === 0) return undefined;
    this.#pipeline.rejected(rejectedSpans);
    return { rejected: rejectedSpans, message: rejectReason };
  }
}

function reply(
  status: number,
  encoding: Encoding,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): ApiReply {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  return new ApiReply(status, bytes, { ...headers, "content-type": contentTypes[encoding] });
}
