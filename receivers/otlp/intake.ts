import type { Counter } from "@opentelemetry/api";
import type { DecodeLimits } from "../../otlp/decode-limits.ts";
import { jsonToProtobuf } from "../../otlp/json-to-protobuf.ts";
import { authProject } from "../../pipeline/auth.ts";
import type { Batch, ClientContext, Signal } from "../../pipeline/batch.ts";
import type { Consumer, Settings } from "../../pipeline/component.ts";
import { messageOf, PermanentError, RetryableError, StatusCode } from "../../pipeline/errors.ts";
import type { ReceiverConsumers } from "../../pipeline/factory.ts";
import { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import { setProject } from "../../pipeline/span-batch/project.ts";
import { ReceiverInstruments } from "../../telemetry/instruments.ts";
import { LabelSets } from "../../telemetry/label-sets.ts";
import type { Encoding, PartialSuccess } from "./answer.ts";
import { countItems } from "./count-items.ts";
import { decodeTraces } from "./decode.ts";
import { ProtocolError } from "./grpc-message.ts";

/** How a request ended, as the counter `receiver_requests` says it. */
type Outcome = "success" | "refused" | "rejected" | "failure";

/** What both protocols do with a body: decode it, hand it to the pipeline, and keep the books. */
export class Intake {
  readonly #next: ReceiverConsumers;
  readonly #settings: Settings;
  readonly #items: ReceiverInstruments;
  readonly #requests: Counter;
  readonly #labels: LabelSets<Outcome>;
  readonly #limits: DecodeLimits;

  constructor(next: ReceiverConsumers, settings: Settings, transport: "grpc" | "http", limits: DecodeLimits) {
    this.#next = next;
    this.#settings = settings;
    this.#labels = new LabelSets((outcome) => ({ receiver: settings.id, transport, outcome }));
    this.#items = new ReceiverInstruments(settings.meter, settings.id, transport);
    this.#requests = settings.meter.createCounter("receiver_requests", { description: "Requests by their outcome" });
    this.#limits = limits;
  }

  /** Whether a pipeline lists the receiver for `signal`. */
  takes(signal: Signal): boolean {
    return this.#next[signal] !== undefined;
  }

  /**
   * Takes one decompressed request. Resolves when the pipeline has it.
   *
   * @param body given away
   * @returns what of it was rejected, if anything was
   * @throws {PermanentError} the sender must drop it
   * @throws {unknown} anything else: the sender may send it again
   */
  async take(
    signal: Signal,
    encoding: Encoding,
    body: Uint8Array,
    context: ClientContext | undefined,
  ): Promise<PartialSuccess | undefined> {
    const partial =
      signal === "traces"
        ? await this.#traces(encoding, body, context)
        : await this.#others(signal, encoding, body, context);
    this.#requests.add(1, this.#labels.of("success"));
    return partial;
  }

  /** Counts and reports a request that failed, whatever stage it had reached. */
  failed(error: unknown): void {
    const outcome = outcomeOf(error);
    this.#requests.add(1, this.#labels.of(outcome));
    if (outcome === "failure") this.#settings.logger.error({ err: error }, `request failed: ${messageOf(error)}`);
    else this.#settings.logger.debug(`request ${outcome}: ${messageOf(error)}`);
  }

  async #traces(
    encoding: Encoding,
    body: Uint8Array,
    context: ClientContext | undefined,
  ): Promise<PartialSuccess | undefined> {
    const { batch, rejectedSpans, rejectReason } = decodeTraces(encoding, body, this.#limits);
    batch.context = context;
    setProject(batch, projectOf(context));
    await this.#consume("traces", this.#next.traces, batch);
    if (rejectedSpans === 0) return undefined;
    this.#items.rejected("traces", rejectedSpans);
    return { rejected: rejectedSpans, message: rejectReason };
  }

  async #others(
    signal: Exclude<Signal, "traces">,
    encoding: Encoding,
    body: Uint8Array,
    context: ClientContext | undefined,
  ): Promise<undefined> {
    const request = encoding === "json" ? jsonToProtobuf(signal, body, this.#limits.maxDepth) : body;
    const batch = new OtlpBatch(signal, [request], countItems(signal, request), context, [projectOf(context)]);
    await this.#consume(signal, this.#next[signal], batch);
  }

  async #consume<B extends Batch>(signal: Signal, next: Consumer<B> | undefined, batch: B): Promise<void> {
    // Read now: the batch changes hands and shape.
    const items = batch.itemCount;
    if (items === 0 || next === undefined) return;
    try {
      await next.consume(batch);
    } catch (error) {
      this.#countFailed(signal, items, error);
      throw error;
    }
    this.#items.accepted(signal, items);
  }

  #countFailed(signal: Signal, items: number, error: unknown): void {
    const outcome = outcomeOf(error);
    if (outcome === "refused") this.#items.refused(signal, items);
    else if (outcome === "rejected") this.#items.rejected(signal, items);
    else this.#items.failed(signal, items);
  }
}

/** Whose a request is, as in column ProjectId: the default project's where no authenticator says it. */
function projectOf(context: ClientContext | undefined): string {
  return context?.auth.get(authProject) ?? "";
}

/** Refused may come again, rejected may not, failure is a fault of ours. */
function outcomeOf(error: unknown): Outcome {
  if (error instanceof RetryableError) return "refused";
  if (error instanceof ProtocolError) return "rejected";
  return error instanceof PermanentError && error.code !== StatusCode.INTERNAL ? "rejected" : "failure";
}
