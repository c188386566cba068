import type { ServerAuthenticator } from "../../pipeline/auth.ts";
import type { FileSettings } from "../../pipeline/factory.ts";
import { credentialsOf, digestOf, unauthenticated } from "../helper/credentials.ts";
import { WatchedFile } from "../helper/watched-file.ts";
import type { HtpasswdConfig } from "./config.ts";
import { parseHtpasswd } from "./htpasswd.ts";

/** Accepts the users of a htpasswd file, of lines in the configuration, or of both: then the lines win. */
export class BasicAuthServer implements ServerAuthenticator {
  /** The htpasswd file, if one is named. */
  readonly files: readonly WatchedFile[];
  readonly #inline: ReturnType<typeof parseHtpasswd>;
  #users: ReturnType<typeof parseHtpasswd>;
  /** Credentials found right, by digest: a password hash is slow by design. As many as there are users. */
  readonly #proven = new Map<string, string>();

  constructor(config: HtpasswdConfig, reloadIntervalMs: number, settings: FileSettings) {
    this.#inline = config.inline === undefined ? new Map() : parseHtpasswd(config.inline);
    this.#users = this.#inline;
    const { file: path } = config;
    const apply = (text: string): void => this.#use(text);
    this.files =
      path === undefined
        ? []
        : [new WatchedFile({ key: "htpasswd.file", path, intervalMs: reloadIntervalMs, apply, settings })];
  }

  async start(): Promise<void> {
    for (const file of this.files) await file.start();
  }

  async shutdown(): Promise<void> {
    for (const file of this.files) file.stop();
  }

  async authenticate(headers: ReadonlyMap<string, readonly string[]>): Promise<ReadonlyMap<string, string>> {
    const header = headers.get("authorization")?.[0];
    if (header === undefined || header === "") throw unauthenticated("authorization header is missing or empty");
    const raw = credentialsOf(header, "Basic");
    if (raw === undefined) throw unauthenticated("authorization header must have the scheme Basic");
    return new Map([
      ["username", this.#userOf(raw)],
      ["raw", raw],
    ]);
  }

  #userOf(raw: string): string {
    const digest = digestOf(raw).toString("base64");
    const proven = this.#proven.get(digest);
    if (proven !== undefined) return proven;
    const text = Buffer.from(raw, "base64").toString("utf8");
    const colon = text.indexOf(":");
    if (colon < 0) throw unauthenticated("authorization header must be Basic and base64 of user:password");
    const username = text.slice(0, colon);
    if (!this.#users.get(username)?.(text.slice(colon + 1))) throw unauthenticated("user or password is wrong");
    // One entry a user, although base64 can write the same text in several ways.
    if (this.#proven.size >= this.#users.size) this.#proven.clear();
    this.#proven.set(digest, username);
    return username;
  }

  #use(text: string): void {
    this.#users = new Map([...parseHtpasswd(text), ...this.#inline]);
    this.#proven.clear();
  }
}
