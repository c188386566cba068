import type { Dialect } from "./dialect.ts";
import { dialects } from "./dialects/index.ts";
import { exceptions, general } from "./general.ts";

/** Everything that is tried after the rules of the configuration, in the order of precedence. */
export const knownDialects: readonly Dialect[] = [exceptions, ...dialects, general];
