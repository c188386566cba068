import { describe, expect, it } from "vitest";
import { modelPricesSchema } from "../../../processors/cost/model-price-config.ts";
import { PriceBook } from "../../../processors/cost/price-book.ts";
import { RuleList } from "../../../processors/cost/rule-list.ts";
import { costConfigOf } from "./support.ts";

const listOf = (input: number) =>
  new RuleList(`file:${input}`, modelPricesSchema.parse([{ model: "gpt-4o", input }]), 512);

describe("price book", () => {
  it("finds the prices of a model once, until others crowd it out", () => {
    const book = new PriceBook(costConfigOf({ cache_size: 16 }));
    const first = book.entryOf("openai", "gpt-4o", "");
    const second = book.entryOf("openai", "gpt-4o-mini", "");
    for (let i = 0; i < 15; i++) {
      expect(book.entryOf("openai", "gpt-4o", "")).toBe(first);
      book.entryOf("openai", `m${i}`, "");
    }
    expect(book.entryOf("openai", "gpt-4o", "")).toBe(first);
    expect(book.entryOf("openai", "gpt-4o-mini", "")).not.toBe(second);
  });

  it.each(["gpt-4o", "claude-sonnet-4-5-20250929", "gemini-2.5-flash"])(
    "finds the maker's price of %s where no provider was sent",
    (model) => {
      const book = new PriceBook(costConfigOf());
      expect(book.entryOf("", model, "").periods[0]?.tiers[0].prices.input).toBeGreaterThan(0);
    },
  );

  it("keeps names beyond max_name_length apart without keeping them", () => {
    const book = new PriceBook(costConfigOf());
    const long = "m".repeat(100_000);
    const entry = book.entryOf("openai", `${long}1`, "");
    expect(book.entryOf("openai", `${long}1`, "")).toBe(entry);
    expect(book.entryOf("openai", `${long}2`, "")).not.toBe(entry);
    expect(entry.names.responseModel.length).toBeLessThan(100);
  });

  it("forgets what it knew when the price file has other prices", () => {
    const book = new PriceBook(costConfigOf());
    const inputPrice = (): number => book.entryOf("openai", "gpt-4o", "").periods[0]!.tiers[0].prices.input;
    expect(inputPrice()).toBe(2.5);
    book.useFile(listOf(5));
    expect(inputPrice()).toBe(5);
    book.useFile(listOf(6));
    expect(inputPrice()).toBe(6);
  });
});
