import type { GenaiConfig } from "./config.ts";
import type { FillerOptions } from "./fill/fillers.ts";
import { knownDialects } from "./known-dialects.ts";
import { Mapper, type MapperEvents, type MappingObserver } from "./mapper.ts";
import { mappingsDialect } from "./mappings.ts";
import type { MessageReader } from "./message-reader.ts";
import { MessageAssembler } from "./messages/assembler.ts";
import { OriginalsRemover } from "./originals.ts";
import { ProvenanceWriter } from "./provenance.ts";

/**
 * The mapper that a configuration asks for.
 *
 * @param observers asked after the configuration's own
 * @param known dialects in the order of precedence
 */
export function createMapper(
  config: GenaiConfig,
  events: MapperEvents,
  observers: readonly MappingObserver[] = [],
  known = knownDialects,
): Mapper {
  const mappings = mappingsDialect(config.mappings);
  const enabled = known.filter(({ name }) => config.dialects[name]?.enabled !== false);
  const options = {
    dialects: mappings === undefined ? enabled : [mappings, ...enabled],
    dropPending: config.pending_spans === "drop",
    rememberSpans: config.repeated_usage.remember_spans,
    ...fillerOptionsOf(config),
    maxJsonBytes: config.max_json_length,
    memory: config.memory,
  };
  // Removing goes first: what it has noted are places of entries, and a new attribute moves them.
  const remover = config.remove_originals ? [new OriginalsRemover()] : [];
  const writer = config.provenance ? [new ProvenanceWriter()] : [];
  return new Mapper(options, messagesOf(config), events, [...observers, ...remover, ...writer]);
}

export function fillerOptionsOf(config: GenaiConfig): FillerOptions {
  return { maxNameBytes: config.max_name_length, sessionIds: config.session_ids };
}

export function messagesOf(config: GenaiConfig): MessageReader {
  return new MessageAssembler({ maxMessages: config.max_messages, maxBytes: config.max_messages_length });
}
