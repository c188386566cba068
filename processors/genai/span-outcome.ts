import type { Target } from "./dialect.ts";
import type { Candidate } from "./engine/candidate.ts";
import type { Plan } from "./engine/plan.ts";

/** What filled the columns of the span that was mapped last; the next one overwrites it. */
export class SpanOutcome {
  hasUsage = false;
  refusedValues = 0;
  /** Per step of the plan, the candidate that filled the column. */
  readonly winners: (Candidate | undefined)[] = [];
  /** Per step, whether the column holds less than was sent. */
  readonly isCut: boolean[] = [];
  /** Sources that gave tags. */
  readonly tagSources: Candidate[] = [];

  clear(): void {
    this.hasUsage = false;
    this.refusedValues = 0;
    if (this.tagSources.length > 0) this.tagSources.length = 0;
  }

  /** Whether a rule filled `target`. */
  has(plan: Plan, target: Target): boolean {
    const step = plan.stepOf.get(target);
    return step !== undefined && this.winners[step] !== undefined;
  }
}
