import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Tests of the whole program run it as it is shipped.
    globalSetup: ["test/support/build.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What does not come at all fails here; how soon things come is not tested.
    expect: { poll: { timeout: 20_000 } },
    // Two cores are the smallest machine this must pass on; each file with ClickHouse starts a server of its own.
    maxWorkers: 2,
  },
});
