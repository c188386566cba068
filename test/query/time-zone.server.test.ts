import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projects, TestStore } from "./test-store.ts";

const trace = "30000000-0000-4000-8000-000000000000";
const session = "40000000-0000-4000-8000-000000000000";
const idOf = (n: number): string => `20000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
// Around midnight UTC and around that of the zone, whose hours begin at half past.
const starts = ["2026-03-01T18:29:59.5", "2026-03-01T18:30:00", "2026-03-01T23:59:59.25", "2026-03-02T00:00:00.125"];

describe("a store whose statements have another time zone", () => {
  let store: TestStore;
  beforeAll(async () => {
    store = await TestStore.start({ parameters: "?session_timezone=Asia/Kolkata" });
    await store.post(
      "/spans",
      starts.map((start, n) => ({
        ...{ id: idOf(n), trace_id: trace, name: `span ${n}`, session_id: session, kind: "llm", cost: 1 },
        ...{ started_at: `${start}Z`, ended_at: `${start.slice(0, 19)}.75Z` },
      })),
    );
  }, 60_000);
  afterAll(() => store.stop());

  const ids = (body: readonly { readonly id: string }[]): string[] => body.map(({ id }) => id);
  const inOrder = starts.map((_, n) => idOf(n));

  it.each(["asc", "desc"])("pages of spans go on where the last one ended (%s)", async (order) => {
    const pages: string[] = [];
    for (let cursor: string | null = ""; cursor !== null && pages.length <= starts.length; ) {
      const at = cursor === "" ? "" : `&cursor=${cursor}`;
      const answer = await store.get(`/spans?limit=1&sort_by=started_at&sort_order=${order}${at}`);
      pages.push(...ids(answer.body));
      cursor = answer.headers.get("x-next-cursor");
    }
    expect(pages).toEqual(order === "asc" ? inOrder : inOrder.toReversed());
  });

  it("spans and traces have the times that were sent", async () => {
    expect((await store.get(`/spans/${idOf(3)}`)).body).toMatchObject({ started_at: "2026-03-02T00:00:00.125000Z" });
    const { body } = await store.get(`/traces/${trace}`);
    expect(body.spans.map(({ started_at: at }: { started_at: string }) => at.slice(0, 19))).toEqual(
      starts.map((start) => start.slice(0, 19)),
    );
    expect((await store.get("/traces")).body).toMatchObject([
      { id: trace, started_at: "2026-03-01T18:29:59.500000Z", ended_at: "2026-03-02T00:00:00.750000Z", cost: 4 },
    ]);
  });

  it("sessions come by arrival, also those without spans", async () => {
    await store.post("/sessions", [{ id: idOf(9), project_id: projects.a, name: "alone" }]);
    expect(ids((await store.get("/sessions?sort_order=asc")).body)).toEqual([session, idOf(9)]);
    expect((await store.get(`/sessions/${session}`)).body).toMatchObject({ trace_count: 1, cost: 4 });
  });

  it("series have their spans in the hours of UTC", async () => {
    const path = "/metrics/cost?bucket=1h&from=2026-03-01T18:00:00Z&to=2026-03-02T01:00:00Z";
    const { body } = await store.get(path);
    const points = body.groups[0].points.filter(({ count }: { count: number }) => count > 0);
    expect(points.map(({ time, cost }: { time: string; cost: number }) => [time, cost])).toEqual([
      ["2026-03-01T18:00:00.000Z", 2],
      ["2026-03-01T23:00:00.000Z", 1],
      ["2026-03-02T00:00:00.000Z", 1],
    ]);
  });
});
