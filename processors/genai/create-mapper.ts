import type { GenaiConfig } from "./config.ts";
import { dialects } from "./dialects/index.ts";
import { Mapper, type MapperEvents } from "./mapper.ts";
import { noMessages } from "./message-reader.ts";

/** The mapper that a configuration asks for. */
export function createMapper(config: GenaiConfig, events: MapperEvents, known = dialects): Mapper {
  return new Mapper(
    {
      mappings: undefined,
      dialects: known,
      dropPending: config.pending_spans === "drop",
      rememberSpans: config.repeated_usage.remember_spans,
      maxNameBytes: config.max_name_length,
      maxJsonBytes: config.max_json_length,
      memory: config.memory,
      sessionIds: config.session_ids,
    },
    noMessages,
    events,
  );
}
