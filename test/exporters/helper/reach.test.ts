import { describe, expect, it, onTestFinished } from "vitest";
import { probeConfigSchema, Reach } from "../../../exporters/helper/reach.ts";
import { ManualClock, settled } from "../../support/manual-clock.ts";

/** A server whose coming and going a test decides, and the questions it got. */
function subject(): { reach: Reach; clock: ManualClock; server: { isThere: boolean; asked: number } } {
  const clock = new ManualClock();
  const server = { isThere: false, asked: 0 };
  const probe = async (): Promise<boolean> => {
    server.asked++;
    return server.isThere;
  };
  const reach = new Reach(probe, probeConfigSchema("a question").parse({ interval: "1s", timeout: "5s" }), clock);
  onTestFinished(() => reach.close());
  return { reach, clock, server };
}

describe("reach of a server", () => {
  it("is not asked about while nothing fails", async () => {
    const { reach, clock, server } = subject();
    reach.answered();
    await clock.advance(60_000);
    expect([reach.isAway, reach.returns, server.asked]).toEqual([false, 0, 0]);
  });

  it("asks every interval while the server is away, and no more when it is back", async () => {
    const { reach, clock, server } = subject();
    reach.lost();
    for (let i = 0; i < 3; i++) await clock.advance(1_000);
    expect([reach.isAway, server.asked]).toEqual([true, 3]);
    server.isThere = true;
    for (let i = 0; i < 3; i++) await clock.advance(1_000);
    expect([reach.isAway, reach.returns, server.asked]).toEqual([false, 1, 4]);
  });

  it("asks once at a doubt, and leaves it there when the server answers", async () => {
    const { reach, clock, server } = subject();
    server.isThere = true;
    await reach.doubt();
    await clock.advance(60_000);
    expect([reach.isAway, reach.returns, server.asked]).toEqual([false, 0, 1]);
  });

  it("takes the server for away when a doubt is not answered", async () => {
    const { reach, server } = subject();
    await reach.doubt();
    expect([reach.isAway, server.asked]).toEqual([true, 1]);
  });

  it("asks anew at a doubt that came after the last question, once for all who doubt then", async () => {
    const answers: ((isThere: boolean) => void)[] = [];
    const config = probeConfigSchema("a question").parse({});
    const reach = new Reach(() => new Promise((resolve) => answers.push(resolve)), config, new ManualClock());
    onTestFinished(() => reach.close());
    void reach.doubt();
    await settled();
    const later = Promise.all([reach.doubt(), reach.doubt()]);
    answers[0]!(true);
    await settled();
    expect([answers.length, reach.isAway]).toEqual([2, false]);
    answers[1]!(false);
    await later;
    expect([answers.length, reach.isAway]).toEqual([2, true]);
  });

  it("takes no answer within the timeout for none", async () => {
    const clock = new ManualClock();
    const silent = (signal: AbortSignal): Promise<boolean> =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve(false)));
    const reach = new Reach(silent, probeConfigSchema("a question").parse({ timeout: "5s" }), clock);
    onTestFinished(() => reach.close());
    const known = reach.doubt();
    await settled();
    await clock.advance(4_999);
    expect(reach.isAway).toBe(false);
    await clock.advance(1);
    await known;
    expect(reach.isAway).toBe(true);
  });

  it("has one round of questions, however often the server goes and comes", async () => {
    const { reach, clock, server } = subject();
    for (let i = 0; i < 5; i++) {
      reach.lost();
      reach.answered();
    }
    reach.lost();
    await clock.advance(1_000);
    expect([server.asked, reach.returns]).toEqual([1, 5]);
  });

  it("asks nothing once it is closed", async () => {
    const { reach, clock, server } = subject();
    reach.lost();
    reach.close();
    await clock.advance(10_000);
    await reach.doubt();
    expect(server.asked).toBe(0);
  });
});
