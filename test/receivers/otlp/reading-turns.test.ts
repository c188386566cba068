import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ReadingTurns, type Turn } from "../../../receivers/otlp/reading-turns.ts";

beforeEach(() => vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] }));
afterEach(() => vi.useRealTimers());

/** Bodies in the order in which their turns begin. */
class Order {
  readonly begun: string[] = [];
  readonly turns = new Map<string, Turn>();
  readonly #reading: ReadingTurns;

  constructor(reading: ReadingTurns) {
    this.#reading = reading;
  }

  async begins(name: string, bytes: number): Promise<void> {
    const taken = this.#reading.take(bytes).then((turn) => {
      this.begun.push(name);
      this.turns.set(name, turn);
    });
    await Promise.race([taken, settled()]);
  }

  async ends(name: string): Promise<void> {
    this.turns.get(name)!.end();
    await settled();
  }

  async stands(ms: number): Promise<void> {
    vi.advanceTimersByTime(ms);
    await settled();
  }
}

const settled = async () => {
  for (let n = 0; n < 5; n++) await Promise.resolve();
};

describe("turns to read", () => {
  it("are taken while there is room, then in the order of arrival", async () => {
    const order = new Order(new ReadingTurns(100));
    await order.begins("a", 60);
    await order.begins("b", 40);
    await order.begins("c", 60);
    // There would be room for it first, but then large bodies might wait for ever.
    await order.begins("d", 10);
    expect(order.begun).toEqual(["a", "b"]);
    await order.ends("b");
    expect(order.begun).toEqual(["a", "b"]);
    await order.ends("a");
    expect(order.begun).toEqual(["a", "b", "c", "d"]);
  });

  it("are had alone by a body that is larger than the whole room", async () => {
    const order = new Order(new ReadingTurns(100));
    await order.begins("a", 60);
    await order.begins("large", 1_000);
    await order.begins("b", 10);
    await order.ends("a");
    expect(order.begun).toEqual(["a", "large"]);
    await order.ends("large");
    expect(order.begun).toEqual(["a", "large", "b"]);
  });

  it("are lost by a body that stands still while others wait, and by no other", async () => {
    const reading = new ReadingTurns(100);
    const order = new Order(reading);
    await order.begins("still", 50);
    await order.begins("moving", 50);
    await order.stands(1_000);
    await order.begins("next", 50);
    await order.begins("last", 50);
    await order.stands(50);
    order.turns.get("moving")!.progress();
    await order.stands(50);
    expect(order.begun).toEqual(["still", "moving", "next"]);
    order.turns.get("moving")!.progress();
    order.turns.get("next")!.progress();
    await order.stands(99);
    expect(reading.waiting).toBe(1);
    // Its turn is over: that it ends gives nobody else room.
    await order.ends("still");
    expect(reading.waiting).toBe(1);
    await order.ends("moving");
    expect(order.begun).toEqual(["still", "moving", "next", "last"]);
    await order.ends("moving");
    await order.begins("more", 1);
    expect(reading.waiting).toBe(1);
  });

  it("leave no timer behind when nobody waits", async () => {
    const order = new Order(new ReadingTurns(100));
    await order.begins("a", 100);
    await order.begins("b", 100);
    expect(vi.getTimerCount()).toBe(1);
    await order.ends("a");
    expect(vi.getTimerCount()).toBe(0);
  });
});
