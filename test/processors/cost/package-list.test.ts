import { calcPrice, waitForUpdate } from "@pydantic/genai-prices";
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { readingsOf } from "../../../processors/cost/names.ts";
import { packageList, periodsOf } from "../../../processors/cost/package-list.ts";
import { type PricePeriod, periodAt, vectorOf } from "../../../processors/cost/price.ts";
import { type Charge, chargeOf, settleUsage, type Usage } from "../../../processors/cost/usage.ts";

const catalogue = (await waitForUpdate())!;

/** Small and repeatable: mulberry32. */
function randomOf(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function randomUsage(random: () => number): Usage {
  const whole = (most: number): number => Math.floor(random() * (most + 1));
  const size = 10 ** (1 + whole(5));
  const [input, output] = [whole(size), whole(size)];
  const cacheRead = whole(input);
  const cacheWrite = whole(input - cacheRead);
  const reasoning = whole(output);
  return {
    input,
    cacheRead,
    cacheWrite,
    inputAudio: whole(input - cacheRead - cacheWrite),
    output,
    reasoning,
    outputAudio: whole(output - reasoning),
  };
}

function charge(period: PricePeriod, usage: Usage): Charge {
  const result: Charge = { tier: { above: -1, prices: vectorOf({}), label: "" }, input: 0, output: 0, total: 0 };
  const settled = { ...usage };
  expect(settleUsage(settled)).toBeUndefined();
  chargeOf(period, settled, result);
  return result;
}

describe("prices of the package", () => {
  let warn: MockInstance;
  beforeEach(() => {
    warn = vi.spyOn(globalThis.console, "warn");
  });
  afterEach(() => warn.mockRestore());

  it("cost what the package computes, for every model and random usage and time", () => {
    const random = randomOf(4711);
    const from = Date.UTC(2024, 0, 1);
    let compared = 0;
    for (const provider of catalogue) {
      for (const model of provider.models) {
        const periods = periodsOf({ provider, model } as never, {
          provider: undefined,
          model: model.id.toLowerCase(),
          via: "",
        });
        // The package's own matching must not come in between.
        const only = { ...provider, models: [{ ...model, match: { equals: "it" } }] };
        for (let i = 0; i < 8; i++) {
          const usage = randomUsage(random);
          const timestamp = new Date(from + Math.floor(random() * 4 * 365 * 86_400_000));
          const expected = calcPrice(
            {
              input_tokens: usage.input,
              cache_read_tokens: usage.cacheRead,
              cache_write_tokens: usage.cacheWrite,
              input_audio_tokens: usage.inputAudio,
              output_tokens: usage.output,
              output_reasoning_tokens: usage.reasoning,
              output_audio_tokens: usage.outputAudio,
              // Spans do not tell; the package wants to know.
              cache_audio_read_tokens: 0,
              cache_audio_write_tokens: 0,
              output_audio_reasoning_tokens: 0,
            },
            "it",
            { provider: only, timestamp },
          )!;
          const period = periodAt(periods, timestamp.getTime())!;
          const actual = charge(period, usage);
          for (const [ours, theirs] of [
            [actual.input, expected.input_price],
            [actual.output, expected.output_price],
            [actual.total, expected.total_price],
          ] as const) {
            if (Math.abs(ours - theirs) > 1e-9 * Math.max(ours, theirs)) {
              expect.fail(`${provider.id}/${model.id} at ${timestamp.toISOString()}: ${ours}, not ${theirs}`);
            }
          }
          compared++;
        }
      }
    }
    expect(compared).toBeGreaterThan(10_000);
    expect(warn).not.toHaveBeenCalled();
  });

  it("find the model that the package finds by provider and name", () => {
    for (const provider of catalogue) {
      for (const model of provider.models.slice(0, 40)) {
        const expected = calcPrice({}, model.id, { providerId: provider.id });
        if (expected === null) continue;
        const [period] = packageList.find(readingsOf(provider.id, model.id));
        expect(period?.source.match, `${provider.id} ${model.id}`).toContain(`/${expected.model.id}: `);
      }
    }
    expect(warn).not.toHaveBeenCalled();
  });

  it("change at the start of a day and at hours of the day", () => {
    const periods = packageList.find(readingsOf("deepseek", "deepseek-v4-pro"));
    const inputAt = (time: string): number => periodAt(periods, Date.parse(time))!.tiers[0].prices.input;
    expect(inputAt("2026-08-01T12:00:00Z")).toBe(0.435);
    expect(inputAt("2026-08-20T12:00:00Z")).toBe(0.66);
    expect(inputAt("2026-08-20T00:59:59.999Z")).toBe(0.66);
    expect(inputAt("2026-08-20T01:00:00Z")).toBe(1.32);
    expect(inputAt("2026-08-20T09:59:59.999Z")).toBe(1.32);
  });
});
