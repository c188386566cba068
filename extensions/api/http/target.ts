import { parse } from "node:querystring";

/** What a request line asks for. */
export interface Target {
  /** As sent, still encoded. */
  readonly path: string;
  /** From `?` on, or empty. */
  readonly search: string;
}

/** Path and query of a request. Clients of proxies send the whole address, of which the rest does not matter here. */
export function targetOf(url: string): Target {
  const local = url.startsWith("/") ? url : url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, "");
  const at = local.indexOf("?");
  return at < 0 ? { path: local, search: "" } : { path: local.slice(0, at), search: local.slice(at) };
}

/** At most so many decoded values by name: a text, or texts where a name stands several times. What cannot be decoded stays as it is. */
export function parametersOf(search: string, maxParameters: number): object {
  return parse(search.slice(1), "&", "=", { maxKeys: maxParameters });
}

const prefixPattern = /^\/+api\/+v1(?=\/|$)/;

/** The path without `/api/v1`, and the query. */
export function localUrl({ path, search }: Target): string {
  return `${path.replace(prefixPattern, "") || "/"}${search}`;
}
