import { z } from "zod";
import { secret } from "../../../config/secret.ts";
import { PermanentError } from "../../../pipeline/errors.ts";
import { defineDetector } from "../detector.ts";

/** A dyno of Heroku with dyno metadata, by its environment. */
export const herokuDetector = defineDetector({
  name: "heroku",
  attributes: {
    "cloud.provider": true,
    "heroku.app.id": true,
    "heroku.dyno.id": true,
    "heroku.release.commit": true,
    "heroku.release.creation_timestamp": true,
    "service.instance.id": true,
    "service.name": true,
    "service.version": true,
  },
  options: {},
  async detect({ around: { env } }) {
    const [app, dyno] = [env["HEROKU_APP_ID"], env["HEROKU_DYNO_ID"]];
    if (!app && !dyno) throw new PermanentError("HEROKU_APP_ID and HEROKU_DYNO_ID are not set, this is no dyno");
    return {
      "cloud.provider": "heroku",
      "heroku.app.id": app,
      "heroku.dyno.id": dyno,
      "heroku.release.commit": env["HEROKU_SLUG_COMMIT"],
      "heroku.release.creation_timestamp": env["HEROKU_RELEASE_CREATED_AT"],
      "service.instance.id": dyno,
      "service.name": env["HEROKU_APP_NAME"],
      "service.version": env["HEROKU_RELEASE_VERSION"],
    };
  },
});

const dynatraceAttributes = { "dt.entity.host": true, "dt.smartscape.host": true, "host.name": true };

/** A host with Dynatrace's OneAgent, by the file that it writes. */
export const dynatraceDetector = defineDetector({
  name: "dynatrace",
  attributes: dynatraceAttributes,
  options: {},
  async detect({ around: { env, os, readFile } }) {
    const folder =
      os.platform() === "win32" ? `${env["ProgramData"]}\\dynatrace\\enrichment\\` : "/var/lib/dynatrace/enrichment/";
    const lines = (await readFile(`${folder}dt_host_metadata.properties`)).split("\n");
    const pairs = lines.map((line) => line.split("=", 2).map((part) => part.trim()));
    return Object.fromEntries(pairs.filter(([key = ""]) => Object.hasOwn(dynatraceAttributes, key)));
  },
});

const agent = z.object({
  Config: z.object({ Datacenter: z.string(), NodeID: z.string(), NodeName: z.string() }),
  Meta: z.record(z.string(), z.string()).nullish(),
});

/** A node of Consul, by its agent. */
export const consulDetector = defineDetector({
  name: "consul",
  attributes: { "cloud.region": true, "host.id": true, "host.name": true },
  options: {
    address: z.string().default("").describe("Address of the agent; else CONSUL_HTTP_ADDR or 127.0.0.1:8500."),
    datacenter: z.string().default("").describe("Datacenter to ask for; the agent's own when empty."),
    namespace: z.string().default("").describe("Namespace to ask for."),
    token: secret.default("").describe("Token of the access list; else token_file or CONSUL_HTTP_TOKEN."),
    token_file: z.string().default("").describe("File that holds the token."),
    meta: z
      .record(z.string(), z.unknown())
      .default({})
      .describe("Keys of the node's metadata to add as attributes; the values do not matter."),
  },
  async detect({ around: { env, http, readFile }, options }) {
    const written = options.address || env["CONSUL_HTTP_ADDR"] || "127.0.0.1:8500";
    const scheme = env["CONSUL_HTTP_SSL"] === "true" ? "https" : "http";
    const url = new URL("/v1/agent/self", written.includes("://") ? written : `${scheme}://${written}`);
    if (options.datacenter !== "") url.searchParams.set("dc", options.datacenter);
    if (options.namespace !== "") url.searchParams.set("ns", options.namespace);
    const fromFile = options.token_file === "" ? "" : (await readFile(options.token_file)).trim();
    const token = options.token || fromFile || env["CONSUL_HTTP_TOKEN"];
    const { Config, Meta } = await http.json(
      { url: url.href, headers: token ? { "x-consul-token": token } : {} },
      agent,
    );
    return {
      ...Object.fromEntries(Object.entries(Meta ?? {}).filter(([key]) => Object.hasOwn(options.meta, key))),
      "cloud.region": Config.Datacenter,
      "host.id": Config.NodeID,
      "host.name": Config.NodeName,
    };
  },
});
