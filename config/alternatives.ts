import { type CollectorKind, plainType } from "./known-components.ts";

const prometheus =
  "Prometheus takes OTLP with --web.enable-otlp-receiver, use otlp_http with the endpoint http://HOST:9090/api/v1/otlp";
const series = "the api extension gives series over the spans that are stored";
const forAttributes = "for attributes use attributes, for spans a processor of your own too, see service.plugins";

/** What to use in place of components that Signalbox lacks, by `plainType`. */
const alternatives: Readonly<Record<Exclude<CollectorKind, "receivers">, ReadonlyMap<string, string>>> = {
  processors: new Map([
    ["filter", "for traces use tail_sampling, or a processor of your own, see service.plugins"],
    ["genainormalizer", "use genai"],
    ["k8sattributes", "let a Collector on the node add the attributes"],
    ["redaction", forAttributes],
    ["span", forAttributes],
    ["transform", `for resources use resource, ${forAttributes}`],
  ]),
  exporters: new Map([
    ["jaeger", "Jaeger takes OTLP, use otlp_grpc"],
    ["jaegerthrift", "Jaeger takes OTLP, use otlp_http"],
    ["loki", "Loki takes OTLP, use otlp_http with the endpoint http://HOST:3100/otlp"],
    ["prometheus", prometheus],
    ["prometheusremotewrite", prometheus],
  ]),
  connectors: new Map([
    ["spanmetrics", series],
    ["servicegraph", series],
  ]),
  extensions: new Map([["healthcheckv2", "use health_check"]]),
};

/** `; use ...` for a component that Signalbox lacks, or nothing when there is no such advice. */
export function alternativeTo(kind: CollectorKind, type: string): string {
  if (kind === "receivers") return "; let a Collector receive it and send OTLP";
  const advice = alternatives[kind].get(plainType(type));
  return advice === undefined ? "" : `; ${advice}`;
}
