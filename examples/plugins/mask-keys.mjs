// A processor that masks the values of some attributes. docs/plugins.md explains it line by line.

/** @param {import("signalbox").PluginApi} api */
export default ({ defineSpanProcessor, z }) => ({
  processors: [
    defineSpanProcessor({
      type: "mask_keys",
      description: "Replaces the values of attributes, and counts on each span how many.",
      configSchema: z.strictObject({
        keys: z.array(z.string().min(1)).min(1).describe("Keys of the attributes to mask."),
        mask: z.string().default("***").describe("What stands there afterwards."),
      }),
      create:
        ({ keys, mask }) =>
        (batch) => {
          for (const span of batch) {
            const masked = keys.filter((key) => span.attributes.has(key));
            for (const key of masked) span.attributes.set(key, mask);
            if (masked.length > 0) span.attributes.set("masked.count", masked.length);
          }
        },
    }),
  ],
});
