import { z } from "zod";
import { durationMs } from "../../config/duration.ts";
import { ignoredKey } from "../../config/schema.ts";

const percentage = z.int().min(0).max(100);

export const memoryLimiterConfigSchema = z
  .strictObject({
    check_interval: durationMs.prefault("1s").describe("How often memory is measured; more than 0."),
    limit_mib: z.int().min(0).default(0).describe("Hard limit in MiB; goes before limit_percentage."),
    spike_limit_mib: z
      .int()
      .min(0)
      .default(0)
      .describe(
        "MiB the memory may grow by between two measurements; soft limit = hard limit - this. 0 is a fifth of it.",
      ),
    limit_percentage: percentage
      .default(0)
      .describe("Hard limit as a percentage of the memory that the process may have: its cgroup's limit, else all."),
    spike_limit_percentage: percentage
      .default(0)
      .describe("The same as spike_limit_mib as a percentage of that memory; used with limit_percentage."),
    min_gc_interval_when_soft_limited: durationMs
      .prefault("10s")
      .describe("Shortest time between garbage collections forced above the soft limit."),
    min_gc_interval_when_hard_limited: durationMs
      .prefault("0s")
      .describe(
        "Shortest time between garbage collections forced above the hard limit; at least check_interval is kept.",
      ),
    max_gc_interval_when_soft_limited: durationMs
      .prefault("30s")
      .describe("Longest such time above the soft limit, reached when collections free next to nothing."),
    max_gc_interval_when_hard_limited: durationMs.prefault("30s").describe("Longest such time above the hard limit."),
    ballast_size_mib: ignoredKey("there is no ballast"),
  })
  .check((context) => {
    for (const { path, message, input } of problemsOf(context.value)) {
      context.issues.push({ code: "custom", message, input, path: [path] });
    }
  });
export type MemoryLimiterConfig = z.output<typeof memoryLimiterConfigSchema>;

interface Problem {
  readonly path: Exclude<keyof MemoryLimiterConfig, "ballast_size_mib">;
  readonly message: string;
  readonly input: number;
}

function problemsOf(config: MemoryLimiterConfig): Problem[] {
  const problems: Problem[] = [];
  const report = (isWrong: boolean, path: Problem["path"], message: string): void => {
    if (isWrong) problems.push({ path, message, input: config[path] });
  };
  report(config.check_interval <= 0, "check_interval", "must be greater than 0");
  report(
    config.limit_mib === 0 && config.limit_percentage === 0,
    "limit_mib",
    "must be greater than 0, unless limit_percentage is",
  );
  report(
    config.limit_mib > 0 && config.spike_limit_mib >= config.limit_mib,
    "spike_limit_mib",
    `must be smaller than limit_mib ${config.limit_mib}, got ${config.spike_limit_mib}`,
  );
  report(
    config.limit_mib === 0 && config.limit_percentage > 0 && config.spike_limit_percentage >= config.limit_percentage,
    "spike_limit_percentage",
    `must be smaller than limit_percentage ${config.limit_percentage}, got ${config.spike_limit_percentage}`,
  );
  report(
    config.min_gc_interval_when_soft_limited < config.min_gc_interval_when_hard_limited,
    "min_gc_interval_when_soft_limited",
    "must be at least min_gc_interval_when_hard_limited",
  );
  for (const limit of ["soft", "hard"] as const) {
    report(
      config[`max_gc_interval_when_${limit}_limited`] < config[`min_gc_interval_when_${limit}_limited`],
      `max_gc_interval_when_${limit}_limited`,
      `must be at least min_gc_interval_when_${limit}_limited`,
    );
  }
  return problems;
}
