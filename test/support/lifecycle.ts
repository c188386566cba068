import { expect, it } from "vitest";
import type { Component } from "../../pipeline/component.ts";

const soon = (): AbortSignal => AbortSignal.timeout(5_000);

/** The lifecycle every component must stand: call inside its `describe`. `create` makes a fresh one each time. */
export function itLivesAsAComponent(create: () => Component | Promise<Component>): void {
  it("shuts down without having been started", async () => {
    const component = await create();
    await expect(component.shutdown(soon())).resolves.toBeUndefined();
  });

  it("starts and shuts down", async () => {
    const component = await create();
    await component.start();
    await expect(component.shutdown(soon())).resolves.toBeUndefined();
  });

  it("shuts down twice", async () => {
    const component = await create();
    await component.start();
    await component.shutdown(soon());
    await expect(component.shutdown(soon())).resolves.toBeUndefined();
  });
}
