import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import type { MetricData, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { PrometheusReaderConfig } from "./config.ts";

/** Before every name, as in the Collector. */
const prefix = "otelcol";

/** UCUM units as Prometheus writes them; what is not here gives no suffix. */
const unitSuffixes: Readonly<Record<string, string>> = {
  ns: "nanoseconds",
  us: "microseconds",
  ms: "milliseconds",
  s: "seconds",
  min: "minutes",
  h: "hours",
  By: "bytes",
  KiBy: "kibibytes",
  MiBy: "mebibytes",
  "%": "percent",
};

export type PrometheusNaming = Pick<
  PrometheusReaderConfig,
  "without_units" | "without_type_suffix" | "without_scope_info"
>;

/**
 * Renders metrics in Prometheus's text format with the Collector's naming options.
 *
 * The library's serializer always adds `_total` and never a unit. So units are put into the names it is given, and
 * `_total` is taken off the lines it returns.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export class PrometheusText {
  readonly #naming: PrometheusNaming;
  readonly #serializer: PrometheusSerializer;

  constructor(naming: PrometheusNaming) {
    this.#naming = naming;
    this.#serializer = new PrometheusSerializer(prefix, false, undefined, false, naming.without_scope_info);
  }

  render(metrics: ResourceMetrics): string {
    const named = {
      resource: metrics.resource,
      scopeMetrics: metrics.scopeMetrics.map(({ scope, metrics }) => ({
        scope,
        metrics: metrics.map((metric) => this.#named(metric)),
      })),
    };
    const text = `${this.#serializer.serialize(named).trimEnd()}\n`;
    return this.#naming.without_type_suffix ? text.replace(/^(# (?:HELP|TYPE) )?(\w+)_total(?=[ {])/gm, "$1$2") : text;
  }

  #named(metric: MetricData): MetricData {
    const { name, unit } = metric.descriptor;
    const suffix = this.#naming.without_units ? undefined : unitSuffixes[unit];
    const withUnit = suffix === undefined || name.endsWith(suffix) ? name : `${name}_${suffix}`;
    // A name that has `_total` of its own gets a second one, which the serializer leaves and `render` takes off.
    const isTotal = this.#naming.without_type_suffix && withUnit.endsWith("_total");
    return {
      ...metric,
      descriptor: { ...metric.descriptor, name: isTotal ? `${withUnit}_total` : withUnit, unit: "" },
    };
  }
}
