import {
  type Attributes,
  type Context,
  type HrTime,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";

/** What a step is called and what is known of it at its start. */
export interface Step {
  readonly name: string;
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
}

/** Records steps that take no time as if they had taken the time that `wait` says, so that an hour passes in a second. */
export class Recorder {
  readonly #tracer: Tracer;
  readonly #onSpan: () => void;
  #nowMs: number;
  #context: Context = ROOT_CONTEXT;

  /**
   * @param startMs milliseconds since the Unix epoch at which the first step starts
   * @param onSpan called for every span that was recorded
   */
  constructor(tracer: Tracer, startMs: number, onSpan: () => void) {
    this.#tracer = tracer;
    this.#nowMs = startMs;
    this.#onSpan = onSpan;
  }

  /** Lets time pass. */
  wait(ms: number): void {
    this.#nowMs += ms;
  }

  /** Records what `body` does as a span within the step that is under way. A {@link StepError} marks every step it leaves. */
  step<T>({ name, kind = SpanKind.INTERNAL, attributes = {} }: Step, body: (span: Span) => T): T {
    const outer = this.#context;
    const span = this.#tracer.startSpan(name, { kind, attributes, startTime: this.#time() }, outer);
    this.#context = trace.setSpan(outer, span);
    try {
      return body(span);
    } catch (error) {
      if (error instanceof StepError) this.#fail(span, error);
      throw error;
    } finally {
      this.#context = outer;
      span.end(this.#time());
      this.#onSpan();
    }
  }

  /** Adds an event to `span`, now. */
  event(span: Span, name: string, attributes: Attributes): void {
    span.addEvent(name, attributes, this.#time());
  }

  #fail(span: Span, error: StepError): void {
    span.setAttribute("error.type", error.type);
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    if (error.recorded) return;
    error.recorded = true;
    this.event(span, "exception", {
      "exception.type": error.type,
      "exception.message": error.message,
      "exception.stacktrace": `${error.type}: ${error.message}\n    at callProvider (agent/client.ts:118:11)`,
    });
  }

  #time(): HrTime {
    const seconds = Math.floor(this.#nowMs / 1_000);
    return [seconds, Math.round((this.#nowMs - seconds * 1_000) * 1e6)];
  }
}

/** A fault within the story that is told, not of the program. */
export class StepError extends Error {
  override readonly name = "StepError";
  /** A value of `error.type`. */
  readonly type: string;
  /** Whether a span has the exception as an event already: only the innermost gets it. */
  recorded = false;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}
