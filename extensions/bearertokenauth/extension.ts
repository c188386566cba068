import type { ClientAuthenticator, ServerAuthenticator } from "../../pipeline/auth.ts";
import type { FileSettings } from "../../pipeline/factory.ts";
import { credentialsOf, digestOf, sameDigest, unauthenticated } from "../helper/credentials.ts";
import { WatchedFile } from "../helper/watched-file.ts";
import type { BearerTokenAuthConfig } from "./config.ts";

/** Accepts, and sends, one of a few secret tokens. */
export class BearerTokenAuthExtension implements ServerAuthenticator, ClientAuthenticator {
  /** The file of tokens, if one is named. */
  readonly files: readonly WatchedFile[];
  readonly #config: BearerTokenAuthConfig;
  readonly #headerName: string;
  #digests: readonly Buffer[] = [];
  #headers: Readonly<Record<string, string>> = {};

  constructor(config: BearerTokenAuthConfig, settings: FileSettings) {
    this.#config = config;
    this.#headerName = config.header.toLowerCase();
    const { filename: path, token, tokens, reload_interval: intervalMs } = config;
    if (path === undefined) {
      this.files = [];
      this.#use(tokens ?? [token!]);
      return;
    }
    if (token ?? tokens) settings.logger.warn("token and tokens are ignored, since filename is given");
    const apply = (text: string): void => this.#use(tokensOf(text));
    this.files = [new WatchedFile({ key: "filename", path, intervalMs, apply, settings })];
  }

  async start(): Promise<void> {
    for (const file of this.files) await file.start();
  }

  async shutdown(): Promise<void> {
    for (const file of this.files) file.stop();
  }

  async authenticate(headers: ReadonlyMap<string, readonly string[]>): Promise<ReadonlyMap<string, string>> {
    const header = headers.get(this.#headerName)?.[0];
    if (header === undefined || header === "") throw unauthenticated(`${this.#headerName} header is missing or empty`);
    const token = credentialsOf(header, this.#config.scheme);
    if (token === undefined)
      throw unauthenticated(`${this.#headerName} header must have the scheme ${this.#config.scheme}`);
    if (!this.#accepts(token)) throw unauthenticated("token is not accepted");
    return new Map();
  }

  async headers(): Promise<Readonly<Record<string, string>>> {
    return this.#headers;
  }

  /** Looks at every token, so that the time taken does not tell which one is like it. */
  #accepts(token: string): boolean {
    const digest = digestOf(token);
    return this.#digests.filter((accepted) => sameDigest(accepted, digest)).length > 0;
  }

  #use(tokens: readonly string[]): void {
    const { scheme } = this.#config;
    this.#digests = tokens.map(digestOf);
    this.#headers = { [this.#headerName]: scheme === "" ? tokens[0]! : `${scheme} ${tokens[0]}` };
  }
}

function tokensOf(text: string): string[] {
  const tokens = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (tokens.length === 0) throw new Error("holds no token");
  return tokens;
}
