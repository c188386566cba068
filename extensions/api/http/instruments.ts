import type { Histogram, Meter } from "@opentelemetry/api";

/** Seconds; the boundaries that OpenTelemetry names for servers of HTTP. */
const boundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/**
 * Counts answers.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#metric-httpserverrequestduration
 */
export class ApiInstruments {
  readonly #durations: Histogram;
  readonly #extension: string;

  /** @param extension id of the component */
  constructor(meter: Meter, extension: string) {
    this.#extension = extension;
    this.#durations = meter.createHistogram("http_server_request_duration", {
      description: "Time from a request's headers to the end of its answer",
      unit: "s",
      advice: { explicitBucketBoundaries: boundaries },
    });
  }

  /** @param route the pattern, such as `/spans/:span_id` */
  answered(method: string, route: string, status: number, ms: number): void {
    this.#durations.record(ms / 1_000, {
      extension: this.#extension,
      http_request_method: method,
      http_route: route,
      http_response_status_code: status,
    });
  }
}
