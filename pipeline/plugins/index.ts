/** What `import ... from "signalbox"` gives to authors of plugins: types above all, since the api is handed to them. */

export type { Batch, ClientContext, Signal } from "../batch.ts";
export type { Component, Consumer, Exporter, Extension, Processor, Receiver, Settings } from "../component.ts";
export type { ExporterFactory, ExtensionFactory, ProcessorFactory, ReceiverFactory } from "../factory.ts";
export type { OtlpBatch } from "../otlp-batch.ts";
export type { SpanCursor, SpanEvent, SpanLink } from "../span-batch/cursor.ts";
export type { DerivedName, DerivedValue } from "../span-batch/derived.ts";
export type { SpanBatch } from "../span-batch/span-batch.ts";
export type { AttributeValue } from "../span-batch/value.ts";
export { defineSpanProcessor, type PluginApi, pluginApi, type SpanProcessorDefinition } from "./api.ts";
export type { Plugin, PluginComponents } from "./plugin.ts";
