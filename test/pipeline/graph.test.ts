import { describe, expect, it } from "vitest";
import { z } from "zod";
import { loadConfig } from "../../config/load.ts";
import type { Batch } from "../../pipeline/batch.ts";
import type { Component, Consumer, Extension } from "../../pipeline/component.ts";
import type { Components } from "../../pipeline/components.ts";
import type { ReceiverConsumers } from "../../pipeline/factory.ts";
import { Graph, StartError } from "../../pipeline/graph.ts";
import { batchOf } from "../support/batches.ts";
import { testSettings } from "../support/doubles.ts";

const signals = ["traces", "metrics", "logs"] as const;
const about = { stability: "stable", description: "For tests.", configSchema: z.strictObject({}) } as const;
const deadline = (): AbortSignal => AbortSignal.timeout(5_000);

/** Components that write down what happens to them, in `log`; those whose id is in `failing` do not start. */
class Recorded {
  readonly log: string[] = [];
  readonly failing = new Set<string>();
  readonly inputs = new Map<string, ReceiverConsumers>();
  readonly components: Components;

  constructor() {
    this.components = {
      receivers: [
        {
          ...about,
          type: "in",
          signals,
          create: (_config, next, { id }) => {
            this.inputs.set(id, next);
            return this.#component(id);
          },
        },
      ],
      processors: [{ ...about, type: "pass", signals, create: (_config, next, { id }) => this.#passing(id, next) }],
      exporters: [{ ...about, type: "out", signals, create: (_config, { id }) => this.#passing(id, undefined) }],
      extensions: [{ ...about, type: "beside", create: (_config, { id }) => this.#extension(id) }],
    };
  }

  async graph(yaml: string, kept?: ReadonlyMap<string, Extension>): Promise<Graph> {
    const config = await loadConfig([`yaml:${yaml}`], [], this.components);
    return new Graph(config, (_kind, id) => testSettings({ id }), kept);
  }

  #component(id: string): Component {
    return {
      start: async () => {
        this.log.push(`start ${id}`);
        if (this.failing.has(id)) throw new Error("cannot listen");
      },
      shutdown: async () => void this.log.push(`stop ${id}`),
    };
  }

  #passing(id: string, next: Consumer | undefined): Component & Consumer {
    const consume = async (batch: Batch): Promise<void> => {
      this.log.push(`${id} has ${batch.itemCount}`);
      await next?.consume(batch);
    };
    return { ...this.#component(id), consume };
  }

  #extension(id: string): Extension {
    return {
      ...this.#component(id),
      pipelineReady: () => void this.log.push(`ready ${id}`),
      pipelineNotReady: () => void this.log.push(`not ready ${id}`),
    };
  }
}

const yaml = `
receivers: { in: , in/second: }
processors: { pass/1: , pass/2: }
exporters: { out/a: , out/b: }
extensions: { beside: }
service:
  extensions: [beside]
  pipelines:
    traces/one: { receivers: [in], processors: [pass/1, pass/2], exporters: [out/a, out/b] }
    traces/two: { receivers: [in, in/second], exporters: [out/b] }
`;

describe("graph", () => {
  it("leads one receiver's data through every pipeline that lists it, processors in their order", async () => {
    const recorded = new Recorded();
    await recorded.graph(yaml);
    await recorded.inputs.get("in")!.traces!.consume(batchOf(2));
    expect(recorded.log.toSorted()).toEqual([
      "out/a has 2",
      "out/b has 2",
      "out/b has 2",
      "pass/1 has 2",
      "pass/2 has 2",
    ]);
    expect(recorded.log.indexOf("pass/1 has 2")).toBeLessThan(recorded.log.indexOf("pass/2 has 2"));
    expect(Object.keys(recorded.inputs.get("in")!)).toEqual(["traces"]);
  });

  it("starts whoever gets data before whoever sends it, and stops the other way round", async () => {
    const recorded = new Recorded();
    const graph = await recorded.graph(yaml);
    await graph.start(new Set(), deadline);
    expect(recorded.log).toEqual([
      ...["start beside", "start out/a", "start out/b", "start pass/2", "start pass/1", "start in", "start in/second"],
      "ready beside",
    ]);
    recorded.log.length = 0;
    expect(await graph.shutdown(deadline())).toEqual([]);
    expect(recorded.log).toEqual([
      "not ready beside",
      ...["stop in", "stop in/second", "stop pass/1", "stop pass/2", "stop out/a", "stop out/b", "stop beside"],
    ]);
  });

  it("stops what it started when one component does not start, and names that one", async () => {
    const recorded = new Recorded();
    recorded.failing.add("pass/1");
    const graph = await recorded.graph(yaml);
    const failure = await graph.start(new Set(), deadline).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StartError);
    expect(String(failure)).toContain("pass/1: cannot listen");
    expect(recorded.log.slice(5)).toEqual(["stop pass/1", "stop pass/2", "stop out/b", "stop out/a", "stop beside"]);
  });

  it("uses a kept extension on, neither starting nor stopping it", async () => {
    const recorded = new Recorded();
    const former = (await recorded.graph(yaml)).extensions[0]!.component;
    const graph = await recorded.graph(yaml, new Map([["beside", former]]));
    await graph.start(new Set([former]), deadline);
    await graph.shutdown(deadline(), new Set([former]));
    expect(graph.extensions[0]!.component).toBe(former);
    expect(recorded.log).not.toContain("start beside");
    expect(recorded.log).not.toContain("stop beside");
  });
});
