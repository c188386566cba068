import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Position } from "../../query/position.ts";
import type { SessionFilter } from "../../query/sessions/filter.ts";
import { listSessions } from "../../query/sessions/list.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { midnight, project, sessionUuidOf, startTestStore, type TestStore } from "./support.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const count = 240;

/** What one row says. Times in milliseconds after `midnight`. */
interface Said {
  readonly session: number;
  readonly name: string | undefined;
  readonly created: number;
}

/** Sessions over three days, of which some are said again, under another name; forty have one name, and forty come at once. */
const rows: readonly Said[] = Array.from({ length: count }, (_, n): Said[] => {
  const created = n % 6 === 1 ? 7 * hour : ((n * 7) % 72) * hour + n * 1_000;
  const name = n % 6 === 0 ? "m" : n % 11 === 0 ? undefined : `${"abcxyz"[n % 6]} ${(n * 37) % count}`;
  const again = { session: n, name: `${"zyxcba"[n % 6]} ${n}`, created: created + 30 * hour };
  return [{ session: n, name, created }, ...(n % 4 === 0 ? [again] : [])];
}).flat();

describe("lists of many sessions by name and arrival", () => {
  let server: TestClickHouse;
  let store: TestStore;

  beforeAll(async () => {
    ({ server, store } = await startTestStore());
    for (const { session, name, created } of rows) {
      await store.session(sessionUuidOf(session), { created, ...(name === undefined ? {} : { name }) });
    }
  });
  afterAll(() => server.stop());

  const page = (filter: Partial<SessionFilter>) =>
    listSessions(store.reader, project, { sortBy: "name", sortOrder: "asc", limit: 5, offset: 0, ...filter });
  const sessions = Array.from({ length: count }, (_, n) => {
    const own = rows.filter(({ session }) => session === n);
    const named = own.filter(({ name }) => name !== undefined).toSorted((one, other) => other.created - one.created);
    return { id: sessionUuidOf(n), created: Math.min(...own.map(({ created }) => created)), name: named[0]?.name };
  });
  type Session = (typeof sessions)[number];
  const compare = <Value extends string | number>(one: Value, other: Value): number =>
    one < other ? -1 : one > other ? 1 : 0;
  /** Ids in the order of a list: nothing last, equals by id. */
  const expected = ({ sortBy = "name", sortOrder = "asc" }: Partial<SessionFilter>): readonly string[] => {
    const keyOf = ({ name, created }: Session): string | number | undefined => (sortBy === "name" ? name : created);
    const direction = sortOrder === "asc" ? 1 : -1;
    return sessions
      .toSorted((one, other) => {
        const [left, right] = [keyOf(one), keyOf(other)];
        if (left === right) return compare(one.id, other.id);
        if (left === undefined || right === undefined) return left === undefined ? 1 : -1;
        return direction * compare(left, right);
      })
      .map(({ id }) => id);
  };
  const orders = (["name", "created_at"] as const).flatMap((sortBy) =>
    (["asc", "desc"] as const).map((sortOrder) => ({ sortBy, sortOrder })),
  );

  for (const order of orders) {
    it(`are in order, page by page: ${order.sortBy} ${order.sortOrder}`, async () => {
      const ids = expected(order);
      const walked: string[] = [];
      for (let after: Position | undefined; ; ) {
        const found = await page({ ...order, limit: 17, after });
        walked.push(...found.rows.map(({ id }) => id));
        if (found.next === undefined) break;
        after = found.next;
      }
      expect(walked).toEqual(ids);
      for (const offset of [0, 3, 30, 100, count - 3]) {
        const found = await page({ ...order, offset });
        expect(found.rows.map(({ id }) => id)).toEqual(ids.slice(offset, offset + 5));
      }
    });

    it(`are those that fulfil conditions: ${order.sortBy} ${order.sortOrder}`, async () => {
      const at = (ms: number): bigint => BigInt(midnight + ms) * 1_000_000n;
      const of = (fits: (session: Session) => boolean): readonly string[] => {
        const fitting = new Set(sessions.filter(fits).map(({ id }) => id));
        return expected(order)
          .filter((id) => fitting.has(id))
          .slice(0, 5);
      };
      const found = async (filter: Partial<SessionFilter>): Promise<readonly string[]> =>
        (await page({ ...order, ...filter })).rows.map(({ id }) => id);
      expect(await found({ names: ["z 0", "m", "x 6"] })).toEqual(
        of(({ name }) => name !== undefined && ["z 0", "m", "x 6"].includes(name)),
      );
      const [from, to] = [7 * hour, day + 2 * hour];
      expect(await found({ createdAfter: at(from), createdBefore: at(to) })).toEqual(
        of(({ created }) => created >= from && created <= to),
      );
      expect(await found({ createdAfter: at(2 * day) })).toEqual(of(({ created }) => created >= 2 * day));
      expect(await found({ createdBefore: at(-1) })).toEqual([]);
      expect(await found({ createdAfter: at(40 * day) })).toEqual([]);
    });
  }

  it("are in order where their ids are long", async () => {
    const ids = Array.from({ length: 60 }, (_, n) => `${"\u00e4/".repeat(1_500)}${String(n).padStart(3, "0")}`);
    for (const [n, id] of ids.entries()) await store.session(id, { created: 90 * day + n * 1_000 });
    const found = await page({ sortBy: "created_at", sortOrder: "desc" });
    expect(found.rows.map(({ id }) => id)).toEqual(ids.toReversed().slice(0, 5));
  });

  it("are those that came in a time, however many that came before go on in it", async () => {
    const many = 9_000;
    const at = (days: number): string => `toDateTime64(${midnight / 1_000 + days * 86_400} + 3600 + number / 10, 3)`;
    for (const days of [200, 201]) {
      await server.command(
        `INSERT INTO sessions (ProjectId, SessionId, Day, CreatedAt, UpdatedAt)
         SELECT '${project}', toString(toUUID(concat('22222222-0000-4000-8000-', leftPad(toString(number), 12, '0')))), toDate(${at(days)}, 'UTC'), ${at(days)}, ${at(days)}
         FROM numbers(${many})`,
      );
    }
    for (const n of [1, 2, 3]) await store.session(sessionUuidOf(1_000 + n), { created: 201 * day + n * 1_000 });
    const createdAfter = BigInt(midnight + 201 * day) * 1_000_000n;
    for (const sortOrder of ["desc", "asc"] as const) {
      const found = await page({ sortBy: "created_at", sortOrder, createdAfter, limit: 50 });
      const ids = [1, 2, 3].map((n) => sessionUuidOf(1_000 + n));
      expect(found.rows.map(({ id }) => id)).toEqual(sortOrder === "asc" ? ids : ids.toReversed());
    }
    const far = await page({ sortBy: "created_at", sortOrder: "desc", offset: 5_000 });
    const id = (n: number): string => `22222222-0000-4000-8000-${String(n).padStart(12, "0")}`;
    // Behind three of the last day, those of the day before: the last of 9,000 first.
    expect(far.rows[0]!.id).toBe(id(many - 1 - 5_000 + 3));
  });
});
