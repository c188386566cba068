import { describe, expect, it } from "vitest";
import type { Caller } from "../../../extensions/api/auth/caller.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { zeroevalConfigSchema } from "../../../receivers/zeroeval/config.ts";
import { ZeroevalInstruments } from "../../../receivers/zeroeval/instruments.ts";
import { Pipeline } from "../../../receivers/zeroeval/pipeline.ts";
import { SpanIntake, type SpanIntakePorts } from "../../../receivers/zeroeval/spans/span-intake.ts";
import { testSettings } from "../../support/doubles.ts";
import { plainSpan, project } from "./support.ts";

const caller = { projectId: project } as Caller;
const body = (): Buffer => Buffer.from(JSON.stringify([{ ...plainSpan, id: "0b1c2d3e-0000-4000-8000-000000000001" }]));

/** An intake before a pipeline of this one stage; nothing is stored yet. */
function intakeInto(consume: (batch: SpanBatch) => Promise<void>, writeTags = () => Promise.resolve()): SpanIntake {
  const ports = {
    config: zeroevalConfigSchema.parse({}),
    pipeline: new Pipeline("traces", { consume }, testSettings()),
    entities: { writeTags, writeSessionTags: () => Promise.resolve() },
    lookUp: { spans: () => Promise.resolve([]) },
    instruments: new ZeroevalInstruments(testSettings().meter, "zeroeval"),
  };
  return new SpanIntake(ports as unknown as SpanIntakePorts);
}

describe("intake of spans", () => {
  it("leaves an answer alone that was given before the processors are done with its spans", async () => {
    let held: SpanBatch | undefined;
    const reply = await intakeInto((batch) => {
      held = batch;
      return Promise.resolve();
    }).post(body(), caller);
    const answered = String(reply.body);
    expect(JSON.parse(answered)).toMatchObject([{ name: "answer", cost: null }]);
    held!.setDerived("Cost", 0, 7);
    held!.processed();
    expect(String(reply.body)).toBe(answered);
  });

  it("makes no answer of spans whose request has failed meanwhile", async () => {
    let held: SpanBatch | undefined;
    const intake = intakeInto(
      (batch) => {
        held = batch;
        return new Promise(() => {});
      },
      () => Promise.reject(new Error("no tags")),
    );
    await expect(intake.post(body(), caller)).rejects.toThrow("no tags");
    Object.defineProperty(held!, "spanId", { get: () => expect.fail("the spans were looked at") });
    held!.processed();
  });
});
