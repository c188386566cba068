import type { DerivedName } from "../../pipeline/span-batch/derived.ts";
import type { Resource, Scope, SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { OwnerAttributesEncoder, SpanAttributesEncoder } from "./encode/attribute-columns.ts";
import type { ColumnDefinition, ColumnEncoder, ColumnGroup } from "./encode/column-group.ts";
import {
  DerivedEncoder,
  DoubleWriter,
  ListWriter,
  MapWriter,
  NullableWriter,
  TextWriter,
  TokenWriter,
} from "./encode/derived-columns.ts";
import { EventsEncoder, LinksEncoder } from "./encode/nested-columns.ts";
import {
  EnumEncoder,
  NameEncoder,
  OwnerCountEncoder,
  OwnerTextEncoder,
  OwnerTokenEncoder,
  textAttribute,
} from "./encode/owner-columns.ts";
import { ArrivalEncoder, CountEncoder, IdEncoder, TextEncoder, TimesEncoder } from "./encode/plain-columns.ts";

export type { ColumnDefinition } from "./encode/column-group.ts";

const compressed = "CODEC(ZSTD(1))";
const times = "CODEC(Delta(8), ZSTD(1))";
const attributes = "Map(LowCardinality(String), String)";
const token = "LowCardinality(String)";

function column(name: string, type: string, codec = compressed): ColumnDefinition {
  return { name, type, ddl: `${type} ${codec}` };
}

const ofResource = {
  owners: (batch: SpanBatch): readonly Resource[] => batch.resources,
  indexes: (batch: SpanBatch): Uint32Array => batch.resourceIndex,
};
const ofScope = {
  owners: (batch: SpanBatch): readonly Scope[] => batch.scopes,
  indexes: (batch: SpanBatch): Uint32Array => batch.scopeIndex,
};

/** The columns of the widely used schema for traces; tools such as Grafana's ClickHouse data source know them. */
const standardGroups: readonly ColumnGroup[] = [
  {
    columns: [column("Timestamp", "DateTime64(9)", times), column("Duration", "UInt64", "CODEC(T64, ZSTD(1))")],
    create: () => new TimesEncoder(),
  },
  { columns: [column("TraceId", "String")], create: () => new IdEncoder(16, (batch) => batch.traceId) },
  { columns: [column("SpanId", "String")], create: () => new IdEncoder(8, (batch) => batch.spanId, "SpanIdTail") },
  {
    columns: [column("ParentSpanId", "String")],
    create: () => new IdEncoder(8, (batch) => batch.parentSpanId, "ParentSpanIdTail"),
  },
  { columns: [column("TraceState", "String")], create: () => new TextEncoder((batch) => batch.traceState) },
  { columns: [column("SpanName", token)], create: () => new NameEncoder() },
  {
    columns: [column("SpanKind", token)],
    create: () =>
      new EnumEncoder(["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"], (batch) => batch.kind),
  },
  {
    columns: [column("ServiceName", token)],
    create: () =>
      new OwnerTokenEncoder({
        ...ofResource,
        text: (resource: Resource, batch) => textAttribute(batch, resource, "service.name"),
      }),
  },
  {
    columns: [column("ResourceAttributes", attributes), column("ResourceAttributeTypes", token)],
    create: () => new OwnerAttributesEncoder(ofResource.owners, ofResource.indexes),
  },
  {
    columns: [column("ScopeName", "String")],
    create: () =>
      new OwnerTextEncoder({
        ...ofScope,
        text: (scope: Scope) => ({ start: scope.nameStart, length: scope.nameLength }),
      }),
  },
  {
    columns: [column("ScopeVersion", "String")],
    create: () =>
      new OwnerTextEncoder({
        ...ofScope,
        text: (scope: Scope) => ({ start: scope.versionStart, length: scope.versionLength }),
      }),
  },
  {
    columns: [column("SpanAttributes", attributes), column("SpanAttributeTypes", token)],
    create: () => new SpanAttributesEncoder(),
  },
  {
    columns: [column("StatusCode", token)],
    create: () => new EnumEncoder(["Unset", "Ok", "Error"], (batch) => batch.statusCode),
  },
  { columns: [column("StatusMessage", "String")], create: () => new TextEncoder((batch) => batch.statusMessage) },
  {
    columns: [
      column("Events.Timestamp", "Array(DateTime64(9))"),
      column("Events.Name", `Array(${token})`),
      column("Events.Attributes", `Array(${attributes})`),
      column("Events.AttributeTypes", `Array(${token})`),
      column("Events.DroppedAttributesCount", "Array(UInt32)"),
    ],
    create: () => new EventsEncoder(),
  },
  {
    columns: [
      column("Links.TraceId", "Array(String)"),
      column("Links.SpanId", "Array(String)"),
      column("Links.TraceState", "Array(String)"),
      column("Links.Attributes", `Array(${attributes})`),
      column("Links.AttributeTypes", `Array(${token})`),
      column("Links.Flags", "Array(UInt32)"),
      column("Links.DroppedAttributesCount", "Array(UInt32)"),
    ],
    create: () => new LinksEncoder(),
  },
];

/** What OTLP carries besides. */
const otlpGroups: readonly ColumnGroup[] = [
  { columns: [column("SpanFlags", "UInt32")], create: () => new CountEncoder((batch) => batch.flags) },
  {
    columns: [column("DroppedAttributesCount", "UInt32")],
    create: () => new CountEncoder((batch) => batch.droppedAttributesCount),
  },
  {
    columns: [column("DroppedEventsCount", "UInt32")],
    create: () => new CountEncoder((batch) => batch.droppedEventsCount),
  },
  {
    columns: [column("DroppedLinksCount", "UInt32")],
    create: () => new CountEncoder((batch) => batch.droppedLinksCount),
  },
  {
    columns: [column("ResourceSchemaUrl", token)],
    create: () =>
      new OwnerTokenEncoder({
        ...ofResource,
        text: (resource: Resource) => ({ start: resource.schemaUrlStart, length: resource.schemaUrlLength }),
      }),
  },
  {
    columns: [column("ResourceDroppedAttributesCount", "UInt32")],
    create: () =>
      new OwnerCountEncoder({ ...ofResource, count: (resource: Resource) => resource.droppedAttributesCount }),
  },
  {
    columns: [column("ScopeSchemaUrl", token)],
    create: () =>
      new OwnerTokenEncoder({
        ...ofScope,
        text: (scope: Scope) => ({ start: scope.schemaUrlStart, length: scope.schemaUrlLength }),
      }),
  },
  {
    columns: [column("ScopeAttributes", attributes), column("ScopeAttributeTypes", token)],
    create: () => new OwnerAttributesEncoder(ofScope.owners, ofScope.indexes),
  },
  {
    columns: [column("ScopeDroppedAttributesCount", "UInt32")],
    create: () => new OwnerCountEncoder({ ...ofScope, count: (scope: Scope) => scope.droppedAttributesCount }),
  },
];

function derived(name: DerivedName, type: string, create: () => ColumnEncoder): ColumnGroup {
  return { columns: [column(name, type)], create };
}

const tokens = (name: DerivedName): ColumnGroup =>
  derived(name, token, () => new DerivedEncoder(name, () => new TokenWriter()));
const texts = (name: DerivedName): ColumnGroup =>
  derived(name, "String", () => new DerivedEncoder(name, () => new TextWriter()));
const lists = (name: DerivedName): ColumnGroup =>
  derived(name, "Array(String)", () => new DerivedEncoder(name, () => new ListWriter()));
const counts = (name: DerivedName): ColumnGroup =>
  derived(name, "Nullable(UInt64)", () => new DerivedEncoder(name, () => new NullableWriter(true)));
const numbers = (name: DerivedName): ColumnGroup =>
  derived(name, "Nullable(Float64)", () => new DerivedEncoder(name, () => new NullableWriter(false)));

/** What Signalbox's processors find out. No value is not the same as 0: counts and costs are Nullable. */
const derivedGroups: readonly ColumnGroup[] = [
  ...(["ProjectId", "Dialect", "OperationKind", "Provider", "RequestModel", "ResponseModel"] as const).map(tokens),
  texts("ResponseId"),
  ...(["InputTokens", "OutputTokens", "CacheReadTokens", "CacheWriteTokens"] as const).map(counts),
  ...(["ReasoningTokens", "InputAudioTokens", "OutputAudioTokens", "TotalTokens"] as const).map(counts),
  ...(["Cost", "InputCost", "OutputCost"] as const).map(numbers),
  ...(["PriceVersion", "PriceTier"] as const).map(tokens),
  counts("TimeToFirstToken"),
  ...(["RequestParameters", "SessionId", "SessionName", "UserId", "AgentId"] as const).map(texts),
  ...(["AgentName", "PromptName", "PromptVersion"] as const).map(tokens),
  texts("PromptVariables"),
  lists("FinishReasons"),
  tokens("ToolName"),
  ...(["ToolCallId", "ToolCalls", "Input", "Output"] as const).map(texts),
  {
    columns: [column("Tags", attributes)],
    create: () => new DerivedEncoder("Tags", () => new MapWriter(), true),
  },
  tokens("ErrorType"),
  ...(["ErrorMessage", "ErrorStack"] as const).map(texts),
  lists("AttachmentIds"),
  {
    columns: [{ name: "SampleWeight", type: "Float64", ddl: `Float64 DEFAULT 1 ${compressed}` }],
    create: () => new DerivedEncoder("SampleWeight", () => new DoubleWriter(1)),
  },
  tokens("SamplePolicy"),
  // After the times, which may add to these two.
  lists("Warnings"),
  tokens("EndState"),
  numbers("SentDuration"),
  {
    columns: [{ name: "CreatedAt", type: "DateTime64(3)", ddl: `DateTime64(3) DEFAULT now64(3) ${times}` }],
    create: () => new ArrivalEncoder(),
  },
];

/** Everything `otel_traces` stores, group by group, in the order it is written. */
export const traceColumnGroups: readonly ColumnGroup[] = [...standardGroups, ...otlpGroups, ...derivedGroups];

/** The columns of `otel_traces`: the one list that makes CREATE TABLE, INSERT and the block. */
export const traceColumns: readonly ColumnDefinition[] = traceColumnGroups.flatMap((group) => group.columns);
