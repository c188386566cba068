import { pathToFileURL } from "node:url";

/*
 * One scenario of one instrumentation in a process of its own: node child.mjs <record.mjs> [scenario]
 * Without a scenario it lists them. What it prints last is JSON: the names, or what the script says about the truth.
 */
const [script, scenario] = process.argv.slice(2);
const module = await import(pathToFileURL(script).href);

if (scenario === undefined) {
  print(Object.keys(module.scenarios));
} else {
  const { run, truth = {} } = module.scenarios[scenario];
  await run();
  await module.flush?.();
  print({ ...truth, instrumentation: truth.packages ?? module.instrumentation });
}
process.exit(0);

function print(value) {
  process.stdout.write(`\n${JSON.stringify(value)}\n`);
}
