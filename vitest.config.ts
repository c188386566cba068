import { defineConfig } from "vitest/config";

// Small files, for which a process and modules of their own took longer than their tests: they leave nothing behind in either.
const folders = "config|otlp|pipeline|processors|receivers";
// What starts servers, measures the memory of its process, changes its environment, or looks at what a module keeps.
const notSharing = [
  "test/**/*.server.test.ts",
  "test/processors/@(memory_limiter|resource_detection)/**/*.test.ts",
  "test/receivers/otlp/decompress.test.ts",
  "test/pipeline/span-batch/@(buffer-pool|repeated-texts).test.ts",
];

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What does not come at all fails here; how soon things come is not tested.
    expect: { poll: { timeout: 20_000 } },
    // Two cores are the smallest machine this must pass on; each file with ClickHouse starts a server of its own.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: "sharing", include: [`test/@(${folders})/**/*.test.ts`], exclude: notSharing, isolate: false },
      },
      {
        extends: true,
        test: {
          name: "alone",
          include: [`test/!(${folders})/**/*.test.ts`, ...notSharing],
          // Tests of the whole program run it as it is shipped.
          globalSetup: ["test/support/build.ts"],
        },
      },
    ],
  },
});
