import { describe, expect, it } from "vitest";
import { HollowJson } from "../../../processors/signals/detectors/hollow-json.ts";

function mayBeHollow(text: string): boolean {
  const bytes = Buffer.from(`"content":"",${text},"x"`);
  return new HollowJson().mayBe(bytes, 13, bytes.length - 4);
}

describe("a glance at JSON", () => {
  it.each([
    '{"content":""}',
    '{"content": null, "role":"assistant"}',
    ' [{"role":"assistant","parts":[],"finish_reason":"stop"}]',
    '[{"parts":[{"type":"text","content":" \\n\\u0020"},{"content":""}]}]',
    '{"usage":{"a":[1,{"b":"}"}],"c":2},"output":[]}',
    '{"logprobs":null,"index":0,"message":{"content":"","other":{}}}',
    '{"model":"a\\"b\\\\","text":""}',
    `{"content":"${"\u3000".repeat(100)}","text":""}`,
    `{"content":"${" ".repeat(63)}\u00a0","text":""}`,
  ])("finds nothing said in %j", (text) => {
    expect(mayBeHollow(text)).toBe(true);
  });

  it.each([
    '{"content":"x","text":""}',
    '{"text":"","content":" x"}',
    '{"text":"","content":"\\n\\nx"}',
    '{"text":"","content":"你好"}',
    `{"text":"","content":"${"你".repeat(100)}"}`,
    '{"text":"","score":0}',
    '{"text":"","done":false}',
    '{"text":"","other":[[],{"a":["x"]}]}',
    '{"role":"assistant"}',
    '{"other":""}',
    '{"content":  ""}',
    `{"content":${"[".repeat(40)}${"]".repeat(40)},"text":""}`,
    "x",
    '"content":""',
    "",
  ])("finds something said, or nothing that would say it, in %j", (text) => {
    expect(mayBeHollow(text)).toBe(false);
  });

  it("is not misled by texts before that began alike", () => {
    const glance = new HollowJson();
    const ask = (text: string): boolean => glance.mayBe(Buffer.from(text), 0, Buffer.byteLength(text));
    expect(ask('[{"content":null,"text":"x"}]')).toBe(false);
    expect(ask('[{"content":null,"text":"y"}]')).toBe(false);
    expect(ask('[{"content":null,"text":""}]')).toBe(true);
    expect(ask('[{"content":null,"text":" "}]')).toBe(true);
    expect(ask('[{"content":null,"role":"x"}]')).toBe(true);
    expect(ask('[{"content":null,"text":"')).toBe(true);
  });

  it("comes to an end in every truncated text", () => {
    const text = '[{"usage":{"a":[1,"\\"}"]},"parts":[{"content":" \\u0020"},{"text":null}],"content":""}]';
    for (let end = 0; end <= text.length; end++) expect(mayBeHollow(text.slice(0, end))).toBeTypeOf("boolean");
  });
});
