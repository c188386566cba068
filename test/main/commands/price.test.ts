import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageVersion } from "../../../processors/cost/package-list.ts";
import { temporaryFolder } from "../../exporters/clickhouse/support.ts";
import { cli } from "../../support/cli.ts";

const config = (cost: string): string => `yaml:
receivers: {nop: }
processors: ${cost}
exporters: {nop: }
service: {pipelines: {traces: {receivers: [nop], processors: [${[...cost.matchAll(/cost(?:\/\w+)?(?=:)/g)].join(", ")}], exporters: [nop]}}}`;

describe("signalbox price", () => {
  it("explains names, lists, clause, tier and arithmetic line by line", async () => {
    const { code, out } = await cli(
      ...["price", "--provider", "vertex_ai", "--model", "models/gemini-2.5-pro", "--at", "2026-09-01"],
      ...["--input", "300000", "--cache-read", "100000", "--output", "1000", "--reasoning", "400"],
    );
    expect(code).toBe(0);
    expect(out).toBe(`names tried for "models/gemini-2.5-pro":
  google: models/gemini-2.5-pro (as sent)
  google: gemini-2.5-pro (without the resource path)
  any provider: gemini-2.5-pro (price of the model's maker)
prices found, the first that holds is used:
  models: none for "models/gemini-2.5-pro"
  ${packageVersion}: google/gemini-2.5-pro: starts_with "gemini-2.5-pro", without the resource path; always
used at 2026-09-01T00:00:00.000Z: ${packageVersion}: google/gemini-2.5-pro: starts_with "gemini-2.5-pro", tier "above 200000"
  input: 200000 at $2.5 per million = $0.5
  input, read from a cache: 100000 at $0.25 per million = $0.025
  output: 600 at $15 per million = $0.009
  output, reasoning: 400 at $15 per million = $0.006
input $0.525, output $0.015, total $0.54
`);
  });

  it("takes the prices of the configuration's cost processor, its file included", async () => {
    const path = join(await temporaryFolder(), "prices.json");
    await writeFile(path, '[{"prefix": "in-file", "input": 3}]');
    const cost = `{cost: {models: [{model: own, input: 1, request: 0.01}], price_file: {path: ${JSON.stringify(path)}}}}`;
    const own = await cli("price", "--model", "own", "--input", "1000000", "--config", config(cost));
    expect(own.out).toContain('models: [0]: model "own"');
    expect(own.out).toContain("requests: 1 at $0.01 each = $0.01\ninput $1, output $0, total $1.01\n");
    const file = await cli(
      "price",
      "--model",
      "in-file-2026-01-01",
      "--input",
      "5",
      "--config",
      config(cost),
      "--json",
    );
    expect(JSON.parse(file.out)).toMatchObject({
      price: { version: expect.stringMatching(/^file:prices\.json@/), match: '[0]: prefix "in-file"', total: 0.000015 },
    });
  });

  it("says when no price holds, and when usage is odd", async () => {
    const { code, out } = await cli("price", "--model", "nobody-knows", "--input", "5", "--cache-read", "50");
    expect(code).toBe(0);
    expect(out).toMatch(/warning: inconsistent_usage: .*\nno price at /);
    expect((await cli("price", "--model", "whisper-1", "--provider", "openai", "--input", "1")).out).toContain(
      "warning: priced by audio_hours and input_audio_hours, not by tokens\n",
    );
  });

  it.each([
    [["--input", "-1"], "must be a whole number, 0 or more"],
    [["--input", "NaN"], "must be a whole number, 0 or more"],
    [["--input", "1e300"], "must be a whole number, 0 or more"],
    [["--at", "yesterday"], "must be a date such as 2026-08-01 (UTC) or a time such as 2026-08-01T09:00:00Z"],
  ])("refuses %j", async (args, message) => {
    const { code, err } = await cli("price", "--model", "gpt-4o", ...args);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(message) });
  });

  it("wants to know which of several cost processors is meant", async () => {
    const cost = "{cost: {}, cost/dear: {models: [{model: m, input: 1}]}}";
    const asked = await cli("price", "--model", "m", "--config", config(cost));
    expect(asked).toMatchObject({ code: 1, err: "--processor must say which one is meant: cost, cost/dear\n" });
    const chosen = await cli(
      ...["price", "--model", "m", "--input", "1000000", "--processor", "cost/dear", "--config", config(cost)],
    );
    expect(chosen.out).toContain("total $1\n");
  });
});
