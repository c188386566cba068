import type { ClientAuthenticator } from "../../pipeline/auth.ts";
import type { FileSettings } from "../../pipeline/factory.ts";
import { WatchedFile } from "../helper/watched-file.ts";
import type { ClientAuthConfig } from "./config.ts";

/** Sends one user and password. */
export class BasicAuthClient implements ClientAuthenticator {
  /** Those that hold user and password, if any are named. */
  readonly files: readonly WatchedFile[];
  #username: string;
  #password: string;

  constructor(config: ClientAuthConfig, reloadIntervalMs: number, settings: FileSettings) {
    this.#username = config.username ?? "";
    this.#password = config.password ?? "";
    const file = (key: string, path: string | undefined, apply: (text: string) => void): WatchedFile[] =>
      path === undefined ? [] : [new WatchedFile({ key, path, intervalMs: reloadIntervalMs, apply, settings })];
    this.files = [
      ...file("client_auth.username_file", config.username_file, (text) => {
        this.#username = text.trim();
      }),
      ...file("client_auth.password_file", config.password_file, (text) => {
        this.#password = text.trim();
      }),
    ];
  }

  async start(): Promise<void> {
    for (const file of this.files) await file.start();
  }

  async shutdown(): Promise<void> {
    for (const file of this.files) file.stop();
  }

  async headers(): Promise<Readonly<Record<string, string>>> {
    return { authorization: `Basic ${Buffer.from(`${this.#username}:${this.#password}`).toString("base64")}` };
  }
}
