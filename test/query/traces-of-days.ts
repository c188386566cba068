import { midnight as dayOfTests, other, type SpanRow, sessionUuidOf, type TestStore } from "./support.ts";

/*
 * Traces of some days, for tests of what is settled of them.
 */

export const minute = 60_000;
export const hour = 60 * minute;
export const days = 3;
/** When they begin, in milliseconds after the spans of other tests: hours have to be over. */
export const begin = -10 * 24 * hour;
export const midnight = dayOfTests + begin;
export const stretch = 6 * hour;
export const traceCount = 200;

export const startOf = (trace: number): number =>
  begin + ((trace * 7) % (days * 24)) * hour + ((trace * 11) % 60) * minute;

/** Milliseconds after `midnight` in nanoseconds since the epoch. */
export const arrival = (ms: number): bigint => BigInt(midnight + ms) * 1_000_000n;

/** Traces of a root and a child over some days. Numbers whose sums floats hold exactly. */
export const someSpans: readonly SpanRow[] = Array.from({ length: traceCount }, (_, n) => {
  const at = startOf(n);
  const name = n % 13 === 0 ? "" : `name ${n % 7}`;
  const root = { trace: n, span: 2 * n, at, name, lasts: 1_000 + ((n * 37) % 400), status: "Ok" } as const;
  const child = { trace: n, span: 2 * n + 1, parent: 2 * n, at: at + 5, lasts: 10 } as const;
  return [
    n % 11 === 0
      ? { ...root, lasts: undefined, status: "Unset" as const }
      : { ...root, cost: n % 9 === 0 ? null : (n % 17) / 4 },
    ...(n % 3 === 0 ? [{ ...child, cost: n % 2, status: n % 5 === 0 ? ("Error" as const) : ("Unset" as const) }] : []),
  ];
}).flat() as SpanRow[];
/** Spans of what is hard to put in order. */
const oddSpans: readonly SpanRow[] = [
  // From the last hour of a stretch into the next one.
  { trace: 1_000, span: 1_000, at: begin + stretch - minute, lasts: 10, cost: 20 },
  { trace: 1_000, span: 1_001, parent: 1_000, at: begin + stretch + minute, lasts: 7_000, cost: 21 },
  // Goes on for hours, beyond what is looked at.
  ...Array.from({ length: 9 }, (_, n) => {
    const root = n === 0 ? {} : { parent: 1_010 };
    return { trace: 1_002, span: 1_010 + n, ...root, at: begin + (4 + n) * hour, lasts: 10, cost: 3 };
  }),
  // Waits for a day.
  { trace: 1_003, span: 1_020, at: begin + 26 * hour, lasts: 3 * hour, cost: 2 },
  { trace: 1_003, span: 1_021, parent: 1_020, at: begin + 50 * hour, lasts: 10, cost: 40 },
  // Has no root.
  { trace: 1_004, span: 1_030, parent: 1, at: begin + 58 * hour, lasts: 5_000, cost: 30 },
  // Within a stretch, with hours between.
  { trace: 1_005, span: 1_040, at: begin + 66 * hour, lasts: 10, cost: 18 },
  { trace: 1_005, span: 1_041, parent: 1_040, at: begin + 70 * hour, lasts: 10, cost: 18 },
  { trace: 1_006, span: 1_050, at: begin + 9 * hour, lasts: 10, cost: 500, project: other },
];
/** Stores them, and what is said of some. */
export async function fill(store: TestStore): Promise<void> {
  await store.spans(...someSpans);
  await store.spans(...oddSpans);
  // Spans that are written twice, with other numbers.
  await store.spans(
    ...someSpans.slice(0, 30).map((span) => ({ ...span, cost: 19, lasts: 3_000, created: span.at! + 9 })),
  );
  await store.trace(7, { at: startOf(7), explicit: { cost: "32", duration_ms: "70000" } });
  await store.trace(8, { at: startOf(8), explicit: { name: "said", status: "error" } });
  // Said of a trace in another hour, and of one without spans.
  await store.trace(9, { at: startOf(9) + 3 * hour, explicit: { cost: "33" } });
  await store.trace(2_000, { at: begin + 40 * hour, explicit: { cost: "0.5", status: "ok" } });
}

const oddHours = [
  [1_000, 0],
  [1_002, 4],
  [1_003, 26],
  [1_004, 58],
] as const;

const every = (step: number, first: number): readonly number[] =>
  Array.from({ length: Math.ceil((traceCount - first) / step) }, (_, n) => first + n * step);

/** Gives some of them the tag `a`, and a session that has it to others. */
export async function tagSome(store: TestStore): Promise<void> {
  await store.traces(
    ...every(3, 0).map((n) => ({ trace: n, at: startOf(n), tags: { a: n % 2 === 0 ? "1" : "2" } })),
    ...oddHours.map(([trace, at]) => ({ trace, at: begin + at * hour, tags: { a: "1" } })),
  );
  const session = sessionUuidOf(1);
  await store.spans(
    ...every(10, 1).map((n) => ({ trace: n, span: 5_000 + n, parent: 2 * n, at: startOf(n), session })),
  );
  await store.session(session, { tags: { a: "1" } });
}
