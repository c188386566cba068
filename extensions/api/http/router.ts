import { badRequest } from "./errors.ts";
import type { Method, Route } from "./route.ts";

/*
 * Which route a path means. SDKs send names of tasks with slashes in them, some raw and some encoded, repeat slashes, and
 * never follow a redirect; so paths are split first, and decoded part by part.
 */

/** Prefixes under which every route is served. */
export const prefixes = ["", "/api/v1"] as const;

export type PathParams = Readonly<Record<string, string>>;

export interface RouteMatch {
  readonly route: Route;
  readonly params: PathParams;
}

/** One part of a route's path: `spans`, `:span_id`, `:task+` for one or more parts, `:tag::pin` for one with `:pin` at its end. */
type Part =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "param"; readonly name: string; readonly suffix: string }
  | { readonly kind: "greedy"; readonly name: string };

const paramPattern = /^:([a-z_]+)(?:(\+)|:(:[a-z]+))?$/;

function partsOf(path: string): readonly Part[] {
  return segmentsOf(path).map((segment): Part => {
    if (!segment.startsWith(":")) return { kind: "literal", text: segment };
    const match = paramPattern.exec(segment);
    if (match === null) throw new Error(`api: path ${path}: "${segment}" must be :name, :name+ or :name::suffix`);
    const [, name = "", greedy, suffix = ""] = match;
    return greedy === undefined ? { kind: "param", name, suffix } : { kind: "greedy", name };
  });
}

function segmentsOf(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}

/**
 * Literals before suffixes before parameters before greedy ones, part by part; the longer path before the shorter one,
 * whose greedy part would take what the longer one names.
 */
const order: Readonly<Record<Part["kind"], number>> = { literal: 0, param: 2, greedy: 3 };
const end = 4;

function weight(part: Part | undefined): number {
  if (part === undefined) return end;
  return part.kind === "param" && part.suffix !== "" ? 1 : order[part.kind];
}

interface Entry {
  readonly parts: readonly Part[];
  readonly methods: Map<Method, Route>;
}

/** The methods of the paths that a request's path fits. */
export class Router {
  /** By the first part, which is a literal in all our paths; routes of one path are one entry. */
  readonly #entries = new Map<string, Entry[]>();

  /** @throws {Error} two routes of one method and path */
  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      for (const path of [route.path, ...(route.aliases ?? [])]) this.#add(path, route);
    }
    for (const entries of this.#entries.values()) entries.sort((a, b) => compare(a.parts, b.parts));
  }

  #add(path: string, route: Route): void {
    const parts = partsOf(path);
    const first = parts[0]?.kind === "literal" ? parts[0].text : "";
    const entries = this.#entries.get(first) ?? [];
    this.#entries.set(first, entries);
    let entry = entries.find((known) => shape(known.parts) === shape(parts) && names(known.parts) === names(parts));
    if (entry === undefined) {
      entry = { parts, methods: new Map() };
      entries.push(entry);
    }
    const rival = entries.find(
      ({ parts: other, methods }) => shape(other) === shape(parts) && methods.has(route.method),
    );
    if (rival !== undefined) throw new Error(`api: two routes ${route.method} ${path}`);
    entry.methods.set(route.method, route);
  }

  /**
   * The route of a path, as sent, without its query.
   *
   * @returns the methods that the path has, where `method` is none of them; none at all where no route has the path
   * @throws {ApiError} 400: the path cannot be decoded
   */
  find(method: string, path: string): RouteMatch | readonly Method[] {
    const segments = segmentsOf(path).map(decode);
    const allowed = new Set<Method>();
    for (const rest of withoutPrefix(segments)) {
      for (const { parts, methods } of this.#entries.get(rest[0] ?? "") ?? []) {
        const params = matchParts(parts, rest);
        if (params === undefined) continue;
        // HEAD is GET without the body, which Node leaves out by itself.
        const route = methods.get((method === "HEAD" ? "GET" : method) as Method);
        if (route !== undefined) return { route, params };
        for (const known of methods.keys()) allowed.add(known);
      }
    }
    return [...allowed];
  }
}

/** The parts as they are, and without the prefix where they have one. */
function withoutPrefix(segments: readonly string[]): readonly (readonly string[])[] {
  return segments[0] === "api" && segments[1] === "v1" ? [segments.slice(2), segments] : [segments];
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest([{ loc: ["path"], msg: "cannot be percent-decoded as UTF-8", type: "invalid_encoding" }]);
  }
}

function matchParts(parts: readonly Part[], segments: readonly string[]): PathParams | undefined {
  const greedyAt = parts.findIndex(({ kind }) => kind === "greedy");
  const surplus = segments.length - parts.length;
  if (greedyAt < 0 ? surplus !== 0 : surplus < 0) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const at = greedyAt >= 0 && index > greedyAt ? index + surplus : index;
    if (part.kind === "greedy") params[part.name] = segments.slice(at, at + surplus + 1).join("/");
    else if (!matchPart(part, segments[at]!, params)) return undefined;
  }
  return params;
}

function matchPart(part: Exclude<Part, { kind: "greedy" }>, segment: string, params: Record<string, string>): boolean {
  if (part.kind === "literal") return segment === part.text;
  if (!segment.endsWith(part.suffix) || segment.length === part.suffix.length) return false;
  params[part.name] = segment.slice(0, segment.length - part.suffix.length);
  return true;
}

function compare(a: readonly Part[], b: readonly Part[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = weight(a[i]) - weight(b[i]);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** What two paths have in common that fit the same requests. */
function shape(parts: readonly Part[]): string {
  return parts
    .map((part) => (part.kind === "literal" ? part.text : `:${part.kind === "param" ? part.suffix : "+"}`))
    .join("/");
}

function names(parts: readonly Part[]): string {
  return parts.map((part) => (part.kind === "literal" ? "" : part.name)).join("/");
}
