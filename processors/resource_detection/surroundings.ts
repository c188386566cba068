import * as dns from "node:dns/promises";
import { createReadStream } from "node:fs";
import * as os from "node:os";
import type { Logger } from "pino";
import { messageOf, PermanentError } from "../../pipeline/errors.ts";
import type { Surroundings } from "./detector.ts";
import { MetadataClient } from "./metadata-client.ts";

/** What there really is around Signalbox. */
export function realSurroundings(maxBytes: number, signal: AbortSignal, logger: Logger): Surroundings {
  return {
    env: process.env,
    os,
    dns,
    readFile: (path) => readFile(path, maxBytes),
    http: new MetadataClient(maxBytes, signal),
    linkLocal: "http://169.254.169.254",
    logger,
  };
}

/** @throws {PermanentError} it cannot be read, or is larger than `maxBytes` */
async function readFile(path: string, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // Files of /proc say that they are empty: what counts is what comes.
    for await (const chunk of createReadStream(path, { end: maxBytes }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new PermanentError(`cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
  if (bytes > maxBytes) throw new PermanentError(`${path} has more than max_response_size ${maxBytes} bytes`);
  return Buffer.concat(chunks).toString();
}
