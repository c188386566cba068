import type { Condition, Dialect, Rule, Source } from "./dialect.ts";
import type { ConditionConfig, MappingConfig, SourceConfig, TestConfig } from "./mapping-config.ts";

/** What rules of the configuration are called in provenance and warnings. */
export const mappingsName = "mappings";

/** The rules of the configuration as a dialect that applies to every span; undefined when there are none. */
export function mappingsDialect(mappings: readonly MappingConfig[]): Dialect | undefined {
  if (mappings.length === 0) return undefined;
  return { name: mappingsName, source: "configuration", recognise: {}, rules: mappings.map(ruleOf) };
}

function ruleOf({ target, sources, when, override }: MappingConfig): Rule {
  return {
    target,
    sources: sources.map(sourceOf),
    ...(when === undefined ? {} : { when: conditionOf(when) }),
    ...(override ? { override } : {}),
  };
}

function sourceOf(config: SourceConfig): Source {
  if (typeof config === "string") return config;
  const { message_events, span_name, ...rest } = config;
  if (message_events !== undefined) return { messageEvents: message_events };
  if (span_name !== undefined) return { spanName: span_name };
  if (rest.indexed !== undefined) return { indexed: rest.indexed, shape: rest.shape ?? "traceloop" };
  // The schema has seen to it that what is left is one of the forms of a source.
  return rest as Source;
}

function conditionOf({ all, any, ...test }: ConditionConfig): Condition {
  const condition =
    all !== undefined ? { all: all.map(testOf) } : any !== undefined ? { any: any.map(testOf) } : plainTestOf(test);
  return test.negate ? { not: condition } : condition;
}

function testOf(test: TestConfig): Condition {
  return test.negate ? { not: plainTestOf(test) } : plainTestOf(test);
}

function plainTestOf({ attribute, resource, scope, span_name, equals }: TestConfig): Condition {
  const values = equals === undefined ? {} : { equals: listOf(equals).map(String) };
  if (attribute !== undefined) return { attribute, ...values };
  if (resource !== undefined) return { resource, ...values };
  return scope !== undefined ? { scope: listOf(scope) } : { spanName: listOf(span_name ?? []) };
}

function listOf<Item>(items: Item | readonly Item[]): readonly Item[] {
  return Array.isArray(items) ? items : [items as Item];
}
