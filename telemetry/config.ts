/** `service.telemetry.logs.sampling`: thins out lines that repeat. */
export interface LogSamplingConfig {
  readonly enabled: boolean;
  /** Milliseconds after which counting starts anew. */
  readonly tick: number;
  /** Lines of one message and level that pass in a tick before thinning begins. */
  readonly initial: number;
  /** After those, every how many-th line passes; 0 lets none pass. */
  readonly thereafter: number;
}

/** What the logger needs of `service.telemetry.logs`. */
export interface LogsConfig {
  /** Lowest level written: trace, debug, info, warn, error, fatal, or a Collector's dpanic or panic. */
  readonly level: string;
  /** `json`, `console` (pretty), or left out: pretty on a terminal, else JSON. */
  readonly encoding?: string | undefined;
  /** `stderr`, `stdout` or paths of files. */
  readonly output_paths: readonly string[];
  /** Fields of every line. */
  readonly initial_fields: Readonly<Record<string, unknown>>;
  readonly sampling?: LogSamplingConfig | undefined;
}

/** How much is measured: `service.telemetry.metrics.level`. */
export type MetricsLevel = "none" | "basic" | "normal" | "detailed";

/** One Prometheus endpoint. The three switches decide how series are named. */
export interface PrometheusReaderConfig {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Leaves `_seconds`, `_bytes` off. */
  readonly without_units: boolean;
  /** Leaves `_total` off counters. */
  readonly without_type_suffix: boolean;
  /** Leaves the labels `otel_scope_*` off. */
  readonly without_scope_info: boolean;
}

/** What the meter provider needs of `service.telemetry.metrics`. */
export interface MetricsConfig {
  readonly level: MetricsLevel;
  readonly readers: readonly PrometheusReaderConfig[];
}

/** Resource attributes of our own telemetry, shown in `target_info`; null leaves a default one out. */
export type ResourceConfig = Readonly<Record<string, string | null>>;
