import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { cutAtException } from "../../../../extensions/api/query/run.ts";

const cut = (chunks: readonly string[], tag?: string): Promise<string> =>
  text(Readable.from(chunks.map((chunk) => Buffer.from(chunk))).pipe(cutAtException(tag)));

const row = '{"n":1}\n';
const failure =
  "Code: 395. DB::Exception: too many: while executing 'x'. (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO) (version 24.8.4.1 (official build))\n";

describe("an answer of the server", () => {
  it.each([[undefined], ["abc"]])("comes as it is, tag %s", async (tag) => {
    const long = row.repeat(2_000);
    expect(await cut([], tag)).toBe("");
    expect(await cut([long, "", row, long], tag)).toBe(long + row + long);
    expect(
      await cut([`${row}Code: 395. DB::Exception: quoted in (SOME_TEXT) (version 1)`, ", and more"], tag),
    ).toContain("and more");
  });

  it.each([
    [undefined, failure],
    [undefined, `__exception__\n${failure}`],
    ["abc", `__exception__\r\nabc\r\n${failure}`],
  ])("breaks off where the query failed midway, tag %s", async (tag, end) => {
    for (const at of [0, 1, 20, end.length - 1]) {
      await expect(cut([row.repeat(1_000), row + end.slice(0, at), end.slice(at)], tag)).rejects.toThrow(
        "failed after",
      );
    }
  });
});
