import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { basicAuthConfigSchema } from "../../../extensions/basicauth/config.ts";
import { basicAuthFactory } from "../../../extensions/basicauth/factory.ts";
import {
  type ClientAuthenticator,
  isClientAuthenticator,
  isServerAuthenticator,
  type ServerAuthenticator,
} from "../../../pipeline/auth.ts";
import type { Extension } from "../../../pipeline/component.ts";
import { StatusCode } from "../../../pipeline/errors.ts";
import { testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";

let directory: string;
const created: Extension[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "signalbox-basic-"));
});

afterEach(async () => {
  await Promise.all(created.splice(0).map((extension) => extension.shutdown(AbortSignal.abort())));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

function create(config: unknown): Extension {
  const extension = basicAuthFactory.create(basicAuthConfigSchema.parse(config), testSettings({ id: "basicauth" }));
  created.push(extension);
  return extension;
}

const server = (htpasswd: unknown) => create({ htpasswd, reload_interval: "1ms" }) as ServerAuthenticator;
const client = (client_auth: unknown) => create({ client_auth, reload_interval: "1ms" }) as ClientAuthenticator;
const base64 = (text: string) => Buffer.from(text).toString("base64");
const basic = (user: string, password: string) =>
  new Map([["authorization", [`Basic ${base64(`${user}:${password}`)}`]]]);
const refusal = (message: string) => expect.objectContaining({ message, code: StatusCode.UNAUTHENTICATED });
const messagesOf = (config: unknown) =>
  basicAuthConfigSchema.safeParse(config).error?.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);

describe("basicauth for receivers", () => {
  itLivesAsAComponent(() => server({ inline: "ann:secret" }));

  it("is an authenticator for servers only", () => {
    const extension = server({ inline: "ann:secret" });
    expect([isServerAuthenticator(extension), isClientAuthenticator(extension)]).toEqual([true, false]);
  });

  // Hashes made with openssl passwd -apr1, and with sha1 and base64.
  it.each([
    ["plain", "ann:secret", "secret"],
    ["plain, with a colon", "ann:se:cret", "se:cret"],
    ["{SHA}", "ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "secret"],
    ["{SSHA}", "ann:{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0", "secret"],
    ["$apr1$", "ann:$apr1$abcdefgh$nqKDpgARkkr9ngBCZaTBd1", "secret ü"],
    ["$apr1$, short", "ann:$apr1$xy$T6yk43HTfQwCY.mtbxwJ8/", "a"],
    ["$apr1$, long", "ann:$apr1$12345678$RkSsHiO1RUdjaoav57ZaW/", "a much longer password than sixteen bytes"],
  ])("accepts the password of a %s entry, and no other", async (_, inline, password) => {
    const extension = server({ inline: `# users\n\n${inline}\n` });
    const learned = new Map([
      ["username", "ann"],
      ["raw", base64(`ann:${password}`)],
    ]);
    for (let time = 0; time < 2; time += 1) {
      await expect(extension.authenticate(basic("ann", password))).resolves.toEqual(learned);
      const wrong = refusal("user or password is wrong");
      await expect(extension.authenticate(basic("ann", `${password}x`))).rejects.toEqual(wrong);
      await expect(extension.authenticate(basic("ben", password))).rejects.toEqual(wrong);
    }
  });

  it.each([
    ["", "authorization header is missing or empty"],
    ["Bearer abc", "authorization header must have the scheme Basic"],
    ["Basic !", "authorization header must be Basic and base64 of user:password"],
  ])("refuses the header %j", async (header, message) => {
    const headers = new Map([["authorization", [header]]]);
    await expect(server({ inline: "ann:secret" }).authenticate(headers)).rejects.toEqual(refusal(message));
  });

  it("adds the users of a file, and takes a user away who leaves it", async () => {
    const file = join(directory, "htpasswd");
    await writeFile(file, "ben:secret\n");
    const extension = server({ file, inline: "ann:secret" });
    await extension.start();
    await extension.authenticate(basic("ann", "secret"));
    await extension.authenticate(basic("ben", "secret"));
    await writeFile(file, "cid:secret\n");
    const asBen = () =>
      extension
        .authenticate(basic("ben", "secret"))
        .then(() => "accepted")
        .catch(String);
    await expect.poll(asBen).toContain("user or password is wrong");
    await extension.authenticate(basic("cid", "secret"));
  });

  it("names key, file and line of an entry it cannot use", async () => {
    const file = join(directory, "broken");
    await writeFile(file, "ann:secret\nno colon\n");
    await expect(server({ file }).start()).rejects.toThrow(
      `basicauth: htpasswd.file ${file}: line 2 must be user:password`,
    );
  });
});

describe("basicauth for exporters", () => {
  itLivesAsAComponent(() => client({ username: "ann", password: "secret" }));

  it("is an authenticator for clients only", () => {
    const extension = client({ username: "ann", password: "secret" });
    expect([isServerAuthenticator(extension), isClientAuthenticator(extension)]).toEqual([false, true]);
  });

  it("sends user and password", async () => {
    expect(await client({ username: "ann", password: "secret" }).headers()).toEqual({
      authorization: `Basic ${base64("ann:secret")}`,
    });
  });

  it("reads them from files, again when they change", async () => {
    const username_file = join(directory, "username");
    const password_file = join(directory, "password");
    await writeFile(username_file, "ann\n");
    await writeFile(password_file, "secret\n");
    const extension = client({ username_file, password_file });
    await extension.start();
    expect(await extension.headers()).toEqual({ authorization: `Basic ${base64("ann:secret")}` });
    await writeFile(password_file, "changed\n");
    await expect.poll(() => extension.headers()).toEqual({ authorization: `Basic ${base64("ann:changed")}` });
  });
});

describe("basicauth configuration", () => {
  const kinds = "accepted are $apr1$ (what htpasswd writes by default), {SHA}, {SSHA} and plain text";

  it.each([
    ["ann", "line 1 must be user:password"],
    ["# nobody", "holds no user"],
    ["a:b\nann:$2y$05$abc", `line 2 has a bcrypt password, which is not supported; ${kinds}`],
    ["ann:$6$abc", `line 1 has an unknown kind of password hash; ${kinds}`],
  ])("refuses the htpasswd %j", (inline, message) => {
    expect(messagesOf({ htpasswd: { inline } })).toEqual([`htpasswd.inline: ${message}`]);
  });

  it("is for one side", () => {
    const message = ": must have either htpasswd, to authenticate clients, or client_auth, to be one";
    expect(messagesOf({})).toEqual([message]);
    expect(messagesOf({ htpasswd: { inline: "a:b" }, client_auth: { username: "a", password: "b" } })).toEqual([
      message,
    ]);
  });

  it("needs a user and a password, each from one place", () => {
    expect(messagesOf({ client_auth: {} })).toEqual([
      "client_auth: must have either username or username_file",
      "client_auth: must have either password or password_file",
    ]);
  });
});
