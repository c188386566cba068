import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bearerTokenAuthConfigSchema } from "../../../extensions/bearertokenauth/config.ts";
import { BearerTokenAuthExtension } from "../../../extensions/bearertokenauth/extension.ts";
import { isClientAuthenticator, isServerAuthenticator } from "../../../pipeline/auth.ts";
import { StatusCode } from "../../../pipeline/errors.ts";
import { testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";

let directory: string;
const created: BearerTokenAuthExtension[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "signalbox-bearer-"));
});

afterEach(async () => {
  await Promise.all(created.splice(0).map((extension) => extension.shutdown()));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

function create(config: Record<string, unknown>): BearerTokenAuthExtension {
  const extension = new BearerTokenAuthExtension(
    bearerTokenAuthConfigSchema.parse(config),
    testSettings({ id: "bearertokenauth" }),
  );
  created.push(extension);
  return extension;
}

const authorization = (value: string) => new Map([["authorization", [value]]]);
const refusal = (message: string) => expect.objectContaining({ message, code: StatusCode.UNAUTHENTICATED });
const messagesOf = (config: unknown) =>
  bearerTokenAuthConfigSchema.safeParse(config).error?.issues.map((issue) => issue.message);

describe("bearertokenauth", () => {
  itLivesAsAComponent(() => create({ token: "secret" }));

  it("is an authenticator for both sides", () => {
    const extension = create({ token: "secret" });
    expect([isServerAuthenticator(extension), isClientAuthenticator(extension)]).toEqual([true, true]);
  });

  it.each(["Bearer secret", "bearer secret", "Bearer  secret"])("accepts %j", async (value) => {
    await expect(create({ token: "secret" }).authenticate(authorization(value))).resolves.toEqual(new Map());
  });

  it.each(["Bearer other", "Bearer secret2", "Bearer secre", "Bearer "])(
    "refuses %j without repeating it",
    async (value) => {
      await expect(create({ token: "secret" }).authenticate(authorization(value))).rejects.toEqual(
        refusal("token is not accepted"),
      );
    },
  );

  it("refuses a request without the header", async () => {
    const extension = create({ token: "secret" });
    await expect(extension.authenticate(new Map())).rejects.toEqual(
      refusal("authorization header is missing or empty"),
    );
    await expect(extension.authenticate(authorization(""))).rejects.toEqual(
      refusal("authorization header is missing or empty"),
    );
  });

  it("refuses another scheme", async () => {
    await expect(create({ token: "secret" }).authenticate(authorization("Basic secret"))).rejects.toEqual(
      refusal("authorization header must have the scheme Bearer"),
    );
  });

  it("accepts each of tokens and sends the first", async () => {
    const extension = create({ tokens: ["one", "two"] });
    await extension.authenticate(authorization("Bearer one"));
    await extension.authenticate(authorization("Bearer two"));
    expect(await extension.headers()).toEqual({ authorization: "Bearer one" });
  });

  it("uses another header, and no scheme, when told so", async () => {
    const extension = create({ token: "secret", header: "X-API-Key", scheme: "" });
    await extension.authenticate(new Map([["x-api-key", ["secret"]]]));
    expect(await extension.headers()).toEqual({ "x-api-key": "secret" });
  });

  it("takes the tokens of a file, and its new ones when it changes", async () => {
    const filename = join(directory, "tokens");
    await writeFile(filename, "one\n\ntwo\n");
    const extension = create({ filename, reload_interval: "1ms" });
    await extension.start();
    await extension.authenticate(authorization("Bearer two"));
    expect(await extension.headers()).toEqual({ authorization: "Bearer one" });
    await writeFile(filename, "three\n");
    await expect.poll(() => extension.headers()).toEqual({ authorization: "Bearer three" });
    await expect(extension.authenticate(authorization("Bearer one"))).rejects.toEqual(refusal("token is not accepted"));
  });

  it("does not start with a file that holds no token", async () => {
    const filename = join(directory, "empty");
    await writeFile(filename, " \n");
    await expect(create({ filename }).start()).rejects.toThrow(`bearertokenauth: filename ${filename}: holds no token`);
  });

  it("needs a token, from one place", () => {
    expect(messagesOf({})).toEqual(["must have token, tokens or filename"]);
    expect(messagesOf({ token: "a", tokens: ["b"] })).toEqual(["must have either token or tokens"]);
  });
});
