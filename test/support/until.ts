import { setTimeout as sleep } from "node:timers/promises";

/** Waits until `condition` holds; fails after twenty seconds. For states that no event announces. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within twenty seconds: ${condition}`);
    await sleep(5);
  }
}
