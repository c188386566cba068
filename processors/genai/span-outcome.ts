import type { Target } from "./dialect.ts";
import type { Candidate } from "./engine/candidate.ts";

const none: readonly Candidate[] = [];
const nothingGiven: ReadonlySet<Target> = new Set();

/** What filled the columns of the span that was mapped last; the next one overwrites it. */
export class SpanOutcome {
  hasUsage = false;
  refusedValues = 0;
  /** Per step of the plan, the candidate that filled the column. */
  readonly winners: (Candidate | undefined)[] = [];
  /** Per step, whether the column holds less than was sent. */
  readonly isCut: boolean[] = [];
  /** Sources that gave tags. */
  tagSources: readonly Candidate[] = [];
  /** Columns that were filled before: no rule was asked. */
  given: ReadonlySet<Target> = nothingGiven;

  clear(): void {
    this.hasUsage = false;
    this.refusedValues = 0;
    this.tagSources = none;
  }

  /** Whether a rule filled the column of `step`, which may be -1. */
  has(step: number): boolean {
    return step >= 0 && this.winners[step] !== undefined;
  }

  hasAny(steps: readonly number[]): boolean {
    for (const step of steps) if (this.winners[step] !== undefined) return true;
    return false;
  }
}
