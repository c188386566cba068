import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type ResourceDetectionConfig,
  resourceDetectionConfigSchema,
} from "../../../processors/resource_detection/config.ts";
import { Detection } from "../../../processors/resource_detection/detection.ts";
import type { Surroundings } from "../../../processors/resource_detection/detector.ts";
import { MetadataClient } from "../../../processors/resource_detection/metadata-client.ts";
import { until } from "../../support/until.ts";
import { type Answer, metadataServer, surroundings } from "./support.ts";

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly detector?: string;
}

/** A detection around which there is what `overrides` says; the log as it is written. */
function detection(input: object, overrides: Partial<Surroundings> = {}) {
  const lines: Line[] = [];
  const logger = pino({}, { write: (line) => void lines.push(JSON.parse(line) as Line) });
  const config: ResourceDetectionConfig = resourceDetectionConfigSchema.parse(input);
  const subject = new Detection(config, (maxBytes, signal) =>
    surroundings({ http: new MetadataClient(maxBytes, signal), ...overrides }),
  );
  onTestFinished(() => subject.stop());
  const warnings = () => lines.filter(({ level }) => level === 40);
  return { subject, logger, lines, warnings, attributes: () => Object.fromEntries(subject.attributes) };
}

const env = (text: string) => ({ env: { OTEL_RESOURCE_ATTRIBUTES: text } as NodeJS.ProcessEnv });
const azure = { location: "l", name: "vm", resourceGroupName: "g", subscriptionId: "s", vmId: "v", vmSize: "D2" };
const azurePath = "/metadata/instance/compute";
const hangs: Answer = () => {};

describe("resource detection", () => {
  it("detects what is enabled by default or by the configuration, and nothing else", async () => {
    const block = { resource_attributes: { "os.type": { enabled: false }, "host.arch": { enabled: true } } };
    const { subject, logger, attributes } = detection({
      detectors: ["system"],
      system: { hostname_sources: ["os"], ...block },
    });
    await subject.start(logger);
    expect(Object.keys(attributes()).toSorted()).toEqual(["host.arch", "host.name"]);
  });

  it("gives an attribute the value of the first detector in the list that finds it", async () => {
    const system = { hostname_sources: ["os"] };
    const around = env("host.name=from-env");
    const first = detection({ detectors: ["env", " system "], system }, around);
    await first.subject.start(first.logger);
    expect(first.attributes()).toMatchObject({ "host.name": "from-env", "os.type": process.platform });
    const second = detection({ detectors: ["system", "env"], system }, around);
    await second.subject.start(second.logger);
    expect(second.attributes()["host.name"]).toBe("web-1");
  });

  it("adds only the attributes that the deprecated key names", async () => {
    const { subject, logger, attributes } = detection({ attributes: ["b"] }, env("a=1,b=2"));
    await subject.start(logger);
    expect(attributes()).toEqual({ b: "2" });
  });

  it("warns of a detector that finds nothing of its kind, at once, and starts with the others", async () => {
    const { subject, logger, warnings, attributes } = detection({ detectors: ["ec2", "env", "lambda"] }, env("a=1"));
    await subject.start(logger);
    expect(attributes()).toEqual({ a: "1" });
    expect(
      warnings()
        .map(({ detector }) => detector)
        .toSorted(),
    ).toEqual(["ec2", "lambda"]);
    expect(warnings().find(({ detector }) => detector === "ec2")?.msg).toMatch(
      /^detector "ec2" found nothing: PUT http:\/\/127\.0\.0\.1:1\/latest\/api\/token does not answer: /,
    );
  });

  it.each<[string, Answer, string]>([
    ["that is slow", hangs, "no answer within timeout 300ms"],
    ["with garbage", "<html>", "answers with other JSON than expected"],
    ["of another shape", { ...azure, vmId: 7 }, "answers with other JSON than expected at vmId"],
    ["with 404", 404, "answers with status 404"],
    ["with 500", 500, "answers with status 500"],
    ["that is huge", "x".repeat(2_000), "answers with more than max_response_size 1024 bytes"],
    ["that leads elsewhere", (_, response) => void response.writeHead(302, { location: "/x" }).end(), "status 302"],
    ["that breaks off", (_, response) => void response.write("{", () => response.destroy()), "breaks off its answer"],
    [
      "that never ends",
      (_, response) => {
        const timer = setInterval(() => response.write(" "), 5);
        response.on("close", () => clearInterval(timer));
      },
      "found nothing: ",
    ],
  ])("goes on after an answer %s, within timeout", async (_, answer, reason) => {
    const { address } = await metadataServer({ [azurePath]: answer });
    const { subject, logger, warnings, attributes } = detection(
      { detectors: ["azure", "env"], timeout: "300ms", max_response_size: 1024 },
      { linkLocal: address, ...env("a=1") },
    );
    await subject.start(logger);
    expect(attributes()).toEqual({ a: "1" });
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]!.msg).toContain(reason);
  });

  it("waits for DNS no longer than timeout", async () => {
    const never = () => new Promise<never>(() => {});
    const dns = { lookup: never, reverse: never, resolveCname: never } as unknown as Surroundings["dns"];
    const { subject, logger, warnings } = detection({ detectors: ["system"], timeout: "100ms" }, { dns });
    await subject.start(logger);
    expect(warnings()[0]!.msg).toContain("within timeout 100ms");
  });

  it("asks again after a failure, until timeout", async () => {
    let failures = 2;
    const answer: Answer = (_, response) => {
      response.statusCode = failures-- > 0 ? 503 : 200;
      response.end(JSON.stringify(azure));
    };
    const { address, requests } = await metadataServer({ [azurePath]: answer });
    const retry = { initial_interval: "10ms" };
    const { subject, logger, warnings, attributes } = detection(
      { detectors: ["azure"], retry },
      { linkLocal: address },
    );
    await subject.start(logger);
    expect(requests).toHaveLength(3);
    expect(warnings()).toEqual([]);
    expect(attributes()["host.id"]).toBe("v");
  });

  it("asks once when retry is off", async () => {
    const { address, requests } = await metadataServer({ [azurePath]: 503 });
    const retry = { enabled: false };
    const { subject, logger, warnings } = detection({ detectors: ["azure"], retry }, { linkLocal: address });
    await subject.start(logger);
    expect(requests).toHaveLength(1);
    expect(warnings()).toHaveLength(1);
  });

  it("with fail_on_missing_metadata looks again until timeout, and then does not start", async () => {
    let missing = 2;
    const answer: Answer = (_, response) => {
      response.statusCode = missing-- > 0 ? 404 : 200;
      response.end(JSON.stringify(azure));
    };
    const { address } = await metadataServer({ [azurePath]: answer });
    const config = {
      detectors: ["azure"],
      fail_on_missing_metadata: true,
      timeout: "300ms",
      retry: { initial_interval: "10ms" },
    };
    const found = detection(config, { linkLocal: address });
    await found.subject.start(found.logger);
    expect(found.attributes()["host.id"]).toBe("v");
    const nowhere = detection(config);
    await expect(nowhere.subject.start(nowhere.logger)).rejects.toThrow('detector "azure" found nothing: ');
    const deprecated = detection({ detectors: ["ec2"], ec2: { fail_on_missing_metadata: true }, timeout: "100ms" });
    await expect(deprecated.subject.start(deprecated.logger)).rejects.toThrow('detector "ec2" found nothing: ');
  });

  it("detects once for all pipelines, and again for who starts when all have stopped", async () => {
    const { address, requests } = await metadataServer({ [azurePath]: azure });
    const { subject, logger } = detection({ detectors: ["azure"] }, { linkLocal: address });
    await Promise.all([subject.start(logger), subject.start(logger)]);
    await subject.start(logger);
    expect(requests).toHaveLength(1);
    for (let user = 0; user < 3; user++) subject.stop();
    await subject.start(logger);
    expect(requests).toHaveLength(2);
  });

  it("detects again every refresh_interval; a detector that fails keeps what it found", async () => {
    const answers: Record<string, Answer> = { [azurePath]: azure };
    const { address, requests } = await metadataServer(answers);
    const variables: NodeJS.ProcessEnv = { OTEL_RESOURCE_ATTRIBUTES: "a=1" };
    const { subject, logger, attributes, warnings } = detection(
      { detectors: ["env", "azure"], refresh_interval: "20ms" },
      { linkLocal: address, env: variables },
    );
    await subject.start(logger);
    expect(attributes()).toMatchObject({ a: "1", "host.id": "v" });
    variables["OTEL_RESOURCE_ATTRIBUTES"] = "b=2";
    answers[azurePath] = 404;
    await until(() => warnings().length > 0);
    expect(attributes()).toMatchObject({ b: "2", "host.id": "v" });
    expect(attributes()).not.toHaveProperty("a");
    answers[azurePath] = { ...azure, vmId: "w" };
    await until(() => attributes()["host.id"] === "w");
    subject.stop();
    const asked = requests.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(requests.length).toBeLessThanOrEqual(asked + 1);
  });

  it("names what it found in the log, without values", async () => {
    const { subject, logger, lines } = detection({}, env("team=s3cret"));
    await subject.start(logger);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ attributes: ["team"], msg: "detected 1 resource attributes" });
    expect(JSON.stringify(lines)).not.toContain("s3cret");
  });
});

describe("resource detection configuration", () => {
  const problem = (input: object): string => {
    const { error } = resourceDetectionConfigSchema.safeParse(input);
    return error!.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n");
  };

  it("has the Collector's defaults", () => {
    expect(resourceDetectionConfigSchema.parse({})).toMatchObject({
      detectors: ["env"],
      override: true,
      timeout: 5_000,
      refresh_interval: 0,
      attributes: [],
      fail_on_missing_metadata: false,
      retry: { enabled: true, initial_interval: 1_000, multiplier: 2, max_interval: 30_000, max_elapsed_time: 0 },
      system: { hostname_sources: ["dns", "os"] },
      eks: { node_from_env_var: "K8S_NODE_NAME" },
    });
  });

  it("names a detector that it lacks, and those that are there", () => {
    expect(problem({ detectors: ["hetzner"] })).toMatch(
      /^detectors\.0: Signalbox has no detector "hetzner", set its attributes by OTEL_RESOURCE_ATTRIBUTES and the detector env; must be among env, system, docker, /,
    );
    expect(problem({ detectors: ["gke"] })).toContain('Signalbox has no detector "gke", use gcp; must be among');
    expect(problem({ detectors: ["ec3"] })).toContain('unknown detector "ec3", did you mean "ec2"?; must be among');
  });

  it("refuses what only the API of a cloud could tell", () => {
    expect(problem({ ec2: { tags: ["^x"] } })).toBe(
      "ec2.tags_from_imds: must be true where tags are wanted: Signalbox does not ask the API of EC2 for them",
    );
    expect(problem({ gcp: { labels: ["^x"] } })).toContain("gcp.labels: must be empty");
    expect(problem({ k8s_api: { auth_type: "kubeConfig" } })).toContain("k8s_api.auth_type: ");
  });

  it("refuses no time at all, and a pattern that is none", () => {
    expect(problem({ timeout: "0s" })).toBe("timeout: must be more than 0");
    expect(problem({ azure: { tags: ["("] } })).toContain("azure.tags.0: must be a regular expression in RE2 syntax");
  });
});
