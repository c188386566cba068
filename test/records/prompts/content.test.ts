import { describe, expect, test } from "vitest";
import { contentHash } from "../../../records/prompts/content.ts";
import { plainModelId, providerOf } from "../../../records/prompts/models.ts";
import { slugCandidates, slugOf } from "../../../records/prompts/slug.ts";

const helpful = "75357d685f238b6afd7738be9786fdafde641eb6ca9a3be7471939715a68a4de";

describe("the hash of a content", () => {
  test.each([
    ["You are a helpful assistant.", helpful],
    ["You are a helpful assistant.  \r\n", helpful],
    ["\n\nYou are a helpful assistant.\n\n", helpful],
    ["line one  \r\nline two\t\rline three\n\n", "26a5cd654e540e91433a2f237e2709743fc4753e764deb74ed37299c2f338ece"],
    ["Hello {{name}}", "652b7c016734eedbef52857a9b0ed99076468635861e3a29201b847f71e86da7"],
    ["Hello {{ name }}", "1cc8b4910ff8026121f71a45ce3e85ec9b0c8f4f8bacec9a1fa4e72386161d08"],
  ])("of %j is what the SDKs compute", (content, hash) => {
    expect(contentHash(content)).toBe(hash);
  });
});

describe("slugs", () => {
  test.each([
    ["Customer Support / EU", "customer-support-eu"],
    ["--a__b--", "a-b"],
    ["Ünïcode", "n-code"],
    ["日本語", "prompt"],
  ])("%j is called %s", (name, slug) => expect(slugOf(name)).toBe(slug));

  test("a slug that is taken gets a number, from 2", () => {
    const candidates = slugCandidates("A b");
    expect([1, 2, 3].map(() => candidates.next().value)).toEqual(["a-b", "a-b-2", "a-b-3"]);
  });
});

describe("models", () => {
  test.each([
    ["zeroeval/gpt-4o", "gpt-4o", "openai"],
    ["openai/o3", "openai/o3", "openai"],
    ["claude-sonnet-4", "claude-sonnet-4", "anthropic"],
    ["o1", "o1", "openai"],
    ["something", "something", null],
    [null, "", null],
  ])("%s is kept as %s, made by %s", (sent, kept, provider) => {
    expect([plainModelId(sent), providerOf(plainModelId(sent))]).toEqual([kept, provider]);
  });
});
