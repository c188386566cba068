import { parseRandomness, parseThreshold } from "./threshold.ts";

/** What a tracestate, or the attributes of a log record, say of sampling. Changed in place by a sampler. */
export interface SamplingInfo {
  threshold: bigint | undefined;
  /** As it is written; "" for none. */
  thresholdText: string;
  randomness: bigint | undefined;
  randomnessText: string;
}

/** A tracestate, with its other members kept as they are. */
export interface TraceState extends SamplingInfo {
  /** Members of the `ot` entry besides `rv` and `th`, as `key:value`. */
  readonly otherFields: string[];
  /** Entries besides `ot`, as `key=value`. */
  readonly otherEntries: string[];
}

const maxLength = 1024;
const maxFieldsLength = 256;
/** One fewer than W3C allows: what the Collector takes. */
const maxEntries = 31;

const simpleKey = /^[a-z][a-z0-9_\-*/]{0,255}$/;
const tenantKey = /^[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13}$/;
const entryValue = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const field = /^[a-z][a-z0-9]*:[a-zA-Z0-9._-]*$/;

/**
 * Reads a tracestate by the rules of W3C, and its entry `ot` by those of OpenTelemetry.
 *
 * @returns undefined for one that breaks the rules
 * @see https://www.w3.org/TR/trace-context/#tracestate-header
 */
export function parseTraceState(text: string): TraceState | undefined {
  const state: TraceState = { ...emptyInfo(), otherFields: [], otherEntries: [] };
  if (text === "") return state;
  const entries = text.split(",");
  if (text.length > maxLength || entries.length > maxEntries) return undefined;
  for (const padded of entries) {
    const entry = padded.replace(/^[ \t]+|[ \t]+$/g, "");
    if (entry === "") continue;
    const at = entry.indexOf("=");
    const key = entry.slice(0, Math.max(at, 0));
    const value = entry.slice(at + 1);
    if (!(simpleKey.test(key) || tenantKey.test(key)) || !entryValue.test(value)) return undefined;
    if (key !== "ot") state.otherEntries.push(entry);
    else if (!readFields(value, state)) return undefined;
  }
  return state;
}

/** No word about sampling. */
export function emptyInfo(): SamplingInfo {
  return { threshold: undefined, thresholdText: "", randomness: undefined, randomnessText: "" };
}

/** The value of entry `key`, or undefined; the first where it is repeated. */
export function traceStateValue(state: TraceState, key: string): string | undefined {
  if (key === "ot") return fieldsText(state) || undefined;
  const found = state.otherEntries.find((entry) => entry.startsWith(`${key}=`));
  return found?.slice(key.length + 1);
}

/** Writes a tracestate, `ot` first. */
export function traceStateText(state: TraceState): string {
  const fields = fieldsText(state);
  return [...(fields === "" ? [] : [`ot=${fields}`]), ...state.otherEntries].join(",");
}

function fieldsText(state: TraceState): string {
  return [
    ...(state.randomnessText === "" ? [] : [`rv:${state.randomnessText}`]),
    ...(state.thresholdText === "" ? [] : [`th:${state.thresholdText}`]),
    ...state.otherFields,
  ].join(";");
}

function readFields(text: string, state: TraceState): boolean {
  if (text.length > maxFieldsLength) return false;
  Object.assign(state, emptyInfo());
  state.otherFields.length = 0;
  for (const part of text.split(";")) {
    if (!field.test(part)) return false;
    const value = part.slice(part.indexOf(":") + 1);
    if (part.startsWith("rv:")) {
      state.randomness = parseRandomness(value);
      if (state.randomness === undefined) return false;
      state.randomnessText = value;
    } else if (part.startsWith("th:")) {
      state.threshold = parseThreshold(value);
      if (state.threshold === undefined) return false;
      state.thresholdText = value;
    } else state.otherFields.push(part);
  }
  return true;
}
