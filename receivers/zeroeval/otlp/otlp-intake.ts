import type { Caller } from "../../../extensions/api/auth/caller.ts";
import { ApiReply } from "../../../extensions/api/http/route.ts";
import type { DecodeLimits } from "../../../otlp/decode-limits.ts";
import { jsonToProtobuf } from "../../../otlp/json-to-protobuf.ts";
import { storedProjectId } from "../../../pipeline/ids.ts";
import { OtlpBatch } from "../../../pipeline/otlp-batch.ts";
import { setProject } from "../../../pipeline/span-batch/project.ts";
import { type Encoding, exportResponse, type PartialSuccess, statusMessage } from "../../otlp/answer.ts";
import { countItems } from "../../otlp/count-items.ts";
import { decodeTraces } from "../../otlp/decode.ts";
import { contentTypes, encodingOf } from "../../otlp/http-headers.ts";
import { failureOf } from "../../otlp/status.ts";
import type { ZeroevalConfig } from "../config.ts";
import type { Pipeline } from "../pipeline.ts";

/** Where each signal goes; undefined: the receiver is in no pipeline of it. */
export interface OtlpPipelines {
  readonly traces: Pipeline | undefined;
  readonly logs: Pipeline<OtlpBatch> | undefined;
}

/** Takes OTLP over HTTP: as the receiver `otlp` does, for the project of the key. */
export class OtlpIntake {
  readonly #pipelines: OtlpPipelines;
  readonly #limits: DecodeLimits;

  constructor(config: ZeroevalConfig, pipelines: OtlpPipelines) {
    this.#pipelines = pipelines;
    this.#limits = {
      maxDepth: config.max_depth,
      maxAttributesPerSpan: config.max_attributes_per_span,
      maxEventsPerSpan: config.max_events_per_span,
      maxLinksPerSpan: config.max_links_per_span,
    };
  }

  takes(signal: keyof OtlpPipelines): boolean {
    return this.#pipelines[signal] !== undefined;
  }

  /** Answers in the encoding of the request, errors too, as OTLP's clients expect. @param signal one that it takes */
  async export(
    signal: keyof OtlpPipelines,
    contentType: string | undefined,
    body: Buffer,
    caller: Caller,
  ): Promise<ApiReply> {
    const encoding = encodingOf(contentType);
    if (encoding === undefined) {
      const supported = Object.values(contentTypes).join(", ");
      return new ApiReply(415, { detail: `unsupported media type, supported: ${supported}` });
    }
    try {
      const project = storedProjectId(caller.projectId);
      const partial = await (signal === "traces"
        ? this.#spans(encoding, body, project)
        : this.#logs(encoding, body, project));
      return reply(200, encoding, exportResponse(signal, encoding, partial));
    } catch (error) {
      const failure = failureOf(error);
      const answer = statusMessage(failure, encoding);
      if (failure.retryAfterMs === undefined) return reply(failure.httpStatus, encoding, answer);
      const seconds = Math.max(Math.ceil(failure.retryAfterMs / 1_000), 1);
      return reply(failure.httpStatus, encoding, answer, { "retry-after": String(seconds) });
    }
  }

  async #spans(encoding: Encoding, body: Buffer, project: string): Promise<PartialSuccess | undefined> {
    const pipeline = this.#pipelines.traces!;
    const { batch, rejectedSpans, rejectReason } = decodeTraces(encoding, body, this.#limits);
    setProject(batch, project);
    await pipeline.consume(batch);
    if (rejectedSpans === 0) return undefined;
    pipeline.rejected(rejectedSpans);
    return { rejected: rejectedSpans, message: rejectReason };
  }

  async #logs(encoding: Encoding, body: Buffer, project: string): Promise<undefined> {
    const request = encoding === "json" ? jsonToProtobuf("logs", body, this.#limits.maxDepth) : body;
    const items = countItems("logs", request);
    await this.#pipelines.logs!.consume(new OtlpBatch("logs", [request], items, undefined, [project]));
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
