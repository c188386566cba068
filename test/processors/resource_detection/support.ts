import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import os from "node:os";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { PermanentError } from "../../../pipeline/errors.ts";
import type { Detected, Surroundings } from "../../../processors/resource_detection/detector.ts";
import { detectors } from "../../../processors/resource_detection/detectors.ts";
import { MetadataClient } from "../../../processors/resource_detection/metadata-client.ts";

/** An answer: a text, an object as JSON, a status, or whatever else is done with the request. */
export type Answer = string | object | number | RequestListener;

export interface MetadataServer {
  readonly address: string;
  readonly requests: IncomingMessage[];
}

/** A metadata service on a free port of the loopback until the test ends. What it has no answer for is 404. */
export async function metadataServer(
  answers: Record<string, Answer>,
  listen: { tls?: ServerOptions; path?: string } = {},
): Promise<MetadataServer> {
  const requests: IncomingMessage[] = [];
  const respond: RequestListener = (request, response) => {
    requests.push(request);
    const path = request.url!.split("?")[0]!;
    const answer = answers[`${request.method} ${path}`] ?? answers[path] ?? 404;
    if (typeof answer === "function") return void answer(request as never, response as never);
    if (typeof answer === "number") response.statusCode = answer;
    response.end(typeof answer === "object" ? JSON.stringify(answer) : String(answer));
  };
  const server: Server = listen.tls ? createSecureServer(listen.tls, respond) : createServer(respond);
  await new Promise<void>((resolve) => {
    if (listen.path === undefined) server.listen(0, "127.0.0.1", resolve);
    else server.listen(listen.path, resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const scheme = listen.tls ? "https" : "http";
  const address = listen.path ?? `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { address, requests };
}

/** Nothing: no environment, no files, no DNS, and nobody at the link-local address. */
export function surroundings(overrides: Partial<Surroundings> = {}, files: Record<string, string> = {}): Surroundings {
  const unknown = async (name: string): Promise<never> => {
    throw new Error(`queryA ENOTFOUND ${name}`);
  };
  return {
    env: {},
    os: { ...os, platform: () => "linux", hostname: () => "web-1" },
    dns: { lookup: unknown, reverse: unknown, resolveCname: unknown } as unknown as Surroundings["dns"],
    readFile: async (path) => {
      const file = files[path];
      if (file === undefined) throw new PermanentError(`cannot read ${path}: ENOENT`);
      return file;
    },
    http: new MetadataClient(65_536, AbortSignal.timeout(5_000)),
    linkLocal: "http://127.0.0.1:1",
    logger: pino({ level: "silent" }),
    ...overrides,
  };
}

/** What the detector finds, all of its attributes wanted. */
export function detect(name: string, around: Surroundings, block: object = {}): Promise<Detected> {
  const detector = detectors.find((other) => other.name === name)!;
  return detector.detect({ options: detector.schema.parse(block), around, wants: () => true });
}
