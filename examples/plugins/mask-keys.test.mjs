// Run with: node --test examples/plugins/mask-keys.test.mjs (after `npm run build`)
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { processSpans } from "signalbox/testing";

const plugin = fileURLToPath(new URL("./mask-keys.mjs", import.meta.url));
const span = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  name: "sign in",
  attributes: [{ key: "user.password", value: { stringValue: "hunter2" } }],
};
const request = { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] };

test("masks what it is told to, and nothing else", async () => {
  const { otlp } = await processSpans(plugin, { keys: ["user.password", "user.pin"] }, request);
  assert.deepEqual(otlp.resourceSpans[0].scopeSpans[0].spans[0].attributes, [
    { key: "user.password", value: { stringValue: "***" } },
    { key: "masked.count", value: { intValue: "1" } },
  ]);
});

test("says which key is missing", async () => {
  await assert.rejects(processSpans(plugin, {}, request), /keys/);
});
