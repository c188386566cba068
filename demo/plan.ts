import { Random } from "./random.ts";
import { codingTask } from "./scenes/coder.ts";
import { documentJob } from "./scenes/documents.ts";
import { gallery } from "./scenes/gallery.ts";
import { handbookQuestion } from "./scenes/handbook.ts";
import { supportTurn, supportTurns } from "./scenes/support.ts";
import type { Stage } from "./steps.ts";

/** The applications whose traces are told. */
export const services = ["shop-assistant", "handbook-search", "code-agent", "invoice-reader", "gallery"] as const;
export type ServiceName = (typeof services)[number];

/** One trace to come. */
export interface PlannedTrace {
  readonly service: ServiceName;
  /** Milliseconds since the Unix epoch. */
  readonly startMs: number;
  readonly sessionId: string;
  readonly userId: string;
  /** The instrumentation scope of its spans. */
  readonly scope: string;
  tell(stage: Stage): void;
}

const hourMs = 3_600_000;
/** Scope of spans that the demo's own steps make. */
const scope = "signalbox-demo";
/** The longest trace must have ended by now. */
const marginMs = 180_000;

/**
 * What happens in an hour: the same for the same `seed` and `count`, only the times follow `endMs`.
 *
 * @returns `count` traces, the earliest first
 */
export function planHour(seed: number, count: number, endMs: number): readonly PlannedTrace[] {
  const random = new Random(seed);
  const traces: PlannedTrace[] = gallery.map((exhibit, i) => ({
    service: "gallery",
    startMs: endMs - marginMs + i * 10_000,
    sessionId: "gallery",
    userId: "user-100",
    ...exhibit,
  }));
  const moment = (): number => endMs - marginMs - random.next() * (hourMs - 2 * marginMs);
  for (let number = 0; traces.length < count; number++) {
    const who = { sessionId: `session-${random.hex(8)}`, userId: `user-${random.int(100, 139)}` };
    const share = random.int(1, 100);
    if (share <= 25) traces.push(...conversation(random, number, moment(), who));
    else if (share <= 60)
      traces.push({ service: "handbook-search", startMs: moment(), scope, ...who, tell: handbookQuestion });
    else if (share <= 80) traces.push({ service: "code-agent", startMs: moment(), scope, ...who, tell: codingTask });
    else traces.push({ service: "invoice-reader", startMs: moment(), scope, ...who, tell: documentJob });
  }
  return traces.slice(0, count).sort((a, b) => a.startMs - b.startMs);
}

function conversation(
  random: Random,
  number: number,
  startMs: number,
  who: Pick<PlannedTrace, "sessionId" | "userId">,
): PlannedTrace[] {
  return Array.from({ length: supportTurns(number) }, (_, turn) => ({
    service: "shop-assistant",
    // A customer reads and types for a while.
    startMs: startMs + turn * random.int(15_000, 40_000),
    scope,
    ...who,
    tell: (stage) => supportTurn(stage, number, turn),
  }));
}
