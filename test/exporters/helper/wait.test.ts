import { describe, expect, it, onTestFinished } from "vitest";
import { probeConfigSchema, Reach } from "../../../exporters/helper/reach.ts";
import { wait } from "../../../exporters/helper/wait.ts";
import { ManualClock, settled } from "../../support/manual-clock.ts";

const never = new AbortController().signal;

/** The reach of a server that a test says is there or not. */
function subject(): { reach: Reach; clock: ManualClock; server: { isThere: boolean } } {
  const clock = new ManualClock();
  const server = { isThere: false };
  const reach = new Reach(async () => server.isThere, probeConfigSchema("a question").parse({}), clock);
  onTestFinished(() => reach.close());
  return { reach, clock, server };
}

describe("a wait", () => {
  const spread = { spreadMs: 1_000 };
  const middle = (): number => 0.5;

  /** A wait of ten seconds that ends early when `reach` is back; `ended` says when it did. */
  async function begun(reach: Reach, clock: ManualClock): Promise<{ endedAt: number | undefined }> {
    const seen: { endedAt: number | undefined } = { endedAt: undefined };
    const early = { watched: [reach], isDue: () => reach.returns > 0, ...spread };
    void wait(10_000, never, { early, clock, random: middle }).then(() => {
      seen.endedAt = clock.now();
    });
    await settled();
    return seen;
  }

  it("lasts its whole time while the server stays away", async () => {
    const { reach, clock } = subject();
    reach.lost();
    const seen = await begun(reach, clock);
    await clock.advance(9_999);
    expect(seen.endedAt).toBeUndefined();
    await clock.advance(1);
    expect(seen.endedAt).toBe(10_000);
  });

  it("ends within the spread when the server is back", async () => {
    const { reach, clock, server } = subject();
    reach.lost();
    const seen = await begun(reach, clock);
    await clock.advance(2_000);
    server.isThere = true;
    await clock.advance(1_000);
    await clock.advance(499);
    expect(seen.endedAt).toBeUndefined();
    await clock.advance(1);
    expect(seen.endedAt).toBe(3_500);
  });

  it("is never made longer by the spread", async () => {
    const { reach, clock } = subject();
    const seen = await begun(reach, clock);
    reach.lost();
    await clock.advance(9_800);
    reach.answered();
    await clock.advance(200);
    expect(seen.endedAt).toBe(10_000);
  });

  it("ends at once when it is aborted", async () => {
    const { reach, clock } = subject();
    const abort = new AbortController();
    const early = { watched: [reach], isDue: () => false, ...spread };
    const ended = wait(10_000, abort.signal, { early, clock });
    abort.abort();
    await ended;
    await wait(10_000, abort.signal, { early, clock });
  });
});
