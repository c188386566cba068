import type { ClientAuthenticator, ServerAuthenticator } from "../../pipeline/auth.ts";
import type { Settings } from "../../pipeline/component.ts";
import { credentialsOf, digestOf, sameDigest, unauthenticated } from "../helper/credentials.ts";
import { WatchedFile } from "../helper/watched-file.ts";
import type { BearerTokenAuthConfig } from "./config.ts";

/** Accepts, and sends, one of a few secret tokens. */
export class BearerTokenAuthExtension implements ServerAuthenticator, ClientAuthenticator {
  readonly #config: BearerTokenAuthConfig;
  readonly #headerName: string;
  readonly #file: WatchedFile | undefined;
  #digests: readonly Buffer[] = [];
  #headers: Readonly<Record<string, string>> = {};

  constructor(config: BearerTokenAuthConfig, settings: Settings) {
    this.#config = config;
    this.#headerName = config.header.toLowerCase();
    if (config.filename === undefined) {
      this.#use(config.tokens ?? [config.token!]);
      return;
    }
    if (config.token ?? config.tokens) settings.logger.warn("token and tokens are ignored, since filename is given");
    this.#file = new WatchedFile({
      key: "filename",
      path: config.filename,
      intervalMs: config.reload_interval,
      apply: (text) => this.#use(tokensOf(text)),
      settings,
    });
  }

  async start(): Promise<void> {
    await this.#file?.start();
  }

  async shutdown(): Promise<void> {
    this.#file?.stop();
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
