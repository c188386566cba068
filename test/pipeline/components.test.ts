import { describe, expect, it } from "vitest";
import { loadConfig } from "../../config/load.ts";
import { type Components, type ComponentTypes, loadComponents } from "../../pipeline/components.ts";
import { componentKinds } from "../../pipeline/factory.ts";

const types = (components: Components): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(componentKinds.map((kind) => [kind, components[kind].map(({ type }) => type).toSorted()]));

const none: ComponentTypes = {
  receivers: new Set(),
  processors: new Set(),
  exporters: new Set(),
  extensions: new Set(),
};

describe("components", () => {
  it("are loaded each by its own type", async () => {
    const all = await loadComponents();
    for (const kind of componentKinds) {
      for (const { type } of all[kind]) {
        const loaded = await loadComponents({ ...none, [kind]: new Set([type]) });
        expect(types(loaded), type).toEqual({ ...types(await loadComponents(none)), [kind]: [type] });
      }
    }
  });

  it.each(["otlphttp", "cosd", "constructor", "__proto__"])(
    "are all loaded where %s is named, which is no type",
    async (type) => {
      const loaded = await loadComponents({ ...none, exporters: new Set(["debug", type]) });
      expect(types(loaded)).toEqual(types(await loadComponents()));
    },
  );

  it("are loaded as a configuration names them, used or not", async () => {
    const named: ComponentTypes[] = [];
    const yaml = `
receivers: { nop:, nop/two: }
processors: { batch:, cost/mine: }
exporters: { debug: }
extensions: { health_check: , "no id": }
service: { pipelines: { traces: { receivers: [nop], exporters: [debug] } } }`;
    const loading = loadConfig([`yaml:${yaml}`], [], (types = none) => {
      named.push(types);
      return loadComponents(types);
    });
    await expect(loading).rejects.toThrow('"no id" is no component id');
    expect(named).toEqual([
      {
        receivers: new Set(["nop"]),
        processors: new Set(["batch", "cost"]),
        exporters: new Set(["debug"]),
        extensions: new Set(["health_check"]),
      },
    ]);
  });
});
