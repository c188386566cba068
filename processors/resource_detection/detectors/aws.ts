import { z } from "zod";
import { durationMs } from "../../../config/duration.ts";
import { messageOf, PermanentError } from "../../../pipeline/errors.ts";
import { patternText } from "../../helper/pattern.ts";
import { type Attempt, type Detected, defineDetector } from "../detector.ts";
import { Imds } from "../imds.ts";
import { authType, clusterAccess, nodeVariable, ownNode, readObject } from "../kubernetes.ts";
import { matchingKeys } from "../matching-keys.ts";
import { parseJson } from "../metadata-client.ts";

const cloud = (platform: string): Detected => ({ "cloud.provider": "aws", "cloud.platform": platform });

/** The Collector's own retries of its AWS client. */
const clientRetries = {
  max_attempts: z
    .int()
    .min(0)
    .optional()
    .describe("Accepted for the Collector's sake.")
    .meta({ ignored: "retry says how often the metadata are asked for" }),
  max_backoff: durationMs
    .optional()
    .describe("Accepted for the Collector's sake.")
    .meta({ ignored: "retry says how long to wait between attempts" }),
};

const instanceAttributes = [
  "cloud.account.id",
  "cloud.availability_zone",
  "cloud.region",
  "host.id",
  "host.image.id",
  "host.name",
  "host.type",
] as const;
const allOf = (names: readonly string[], enabled: boolean): Record<string, boolean> =>
  Object.fromEntries(names.map((name) => [name, enabled]));

/** An instance of EC2, by its metadata service. */
export const ec2Detector = defineDetector({
  name: "ec2",
  attributes: { "cloud.platform": true, "cloud.provider": true, ...allOf(instanceAttributes, true) },
  options: {
    tags: z
      .array(patternText)
      .default([])
      .describe("Patterns of the keys of tags to add as ec2.tag.<key>; needs tags_from_imds."),
    tags_from_imds: z
      .boolean()
      .default(false)
      .describe("Read tags from the instance's metadata, which must let them be read (InstanceMetadataTags)."),
    ...clientRetries,
    fail_on_missing_metadata: z
      .boolean()
      .default(false)
      .describe("The same as the key of this name above, for this detector.")
      .meta({ successor: "fail_on_missing_metadata of the processor" }),
  },
  mustHold: {
    key: "tags_from_imds",
    message: "must be true where tags are wanted: Signalbox does not ask the API of EC2 for them",
    holds: ({ tags, tags_from_imds }) => tags.length === 0 || tags_from_imds,
  },
  async detect({ options: { tags }, around }) {
    const imds = new Imds(around);
    const found = { ...cloud("aws_ec2"), ...(await imds.instance()) };
    if (tags.length === 0) return found;
    const wanted = await imds.tags(matchingKeys(tags));
    return { ...found, ...Object.fromEntries(Array.from(wanted, ([key, value]) => [`ec2.tag.${key}`, value])) };
  },
});

/** A node of EKS: that the cluster is one its API says, the rest the metadata of the instance, or the node's id alone. */
export const eksDetector = defineDetector({
  name: "eks",
  attributes: {
    "cloud.platform": true,
    "cloud.provider": true,
    ...allOf(instanceAttributes, false),
    "k8s.cluster.name": false,
  },
  options: { node_from_env_var: nodeVariable, auth_type: authType, ...clientRetries },
  async detect(attempt) {
    const { around, options, wants } = attempt;
    const access = await clusterAccess(options.auth_type, around);
    const { gitVersion } = await readObject(access, "/version", z.object({ gitVersion: z.string() }), around);
    if (!gitVersion.includes("-eks-")) throw new PermanentError("the cluster is not one of EKS");
    const found = cloud("aws_eks");
    if (![...instanceAttributes, "k8s.cluster.name"].some((name) => wants(name))) return found;
    let imds: Imds;
    let instance: Detected;
    try {
      imds = new Imds(around);
      instance = await imds.instance();
    } catch (error) {
      around.logger.warn({ detector: "eks" }, `the node's name says what its instance does not: ${messageOf(error)}`);
      const { spec } = await ownNode(access, options.node_from_env_var, around);
      return { ...found, ...instanceOf(spec.providerID ?? "") };
    }
    return { ...found, ...instance, ...(await clusterName(imds, attempt)) };
  },
});

/** Of `aws:///eu-west-1a/i-0123456789abcdef0`. */
function instanceOf(providerId: string): Detected {
  const [, zone, instance] = /^aws:\/\/\/([^/]+)\/([^/]+)$/.exec(providerId) ?? [];
  return { "cloud.availability_zone": zone, "cloud.region": zone?.slice(0, -1), "host.id": instance };
}

const ownedClusterPrefix = "kubernetes.io/cluster/";

async function clusterName(imds: Imds, { around, wants }: Attempt<unknown>): Promise<Detected> {
  if (!wants("k8s.cluster.name")) return {};
  const names = ["aws:eks:cluster-name", "eks:cluster-name"];
  try {
    const tags = await imds.tags((key) => names.includes(key) || key.startsWith(ownedClusterPrefix));
    const named = names.map((name) => tags.get(name)).find((name) => name !== undefined);
    const owned = [...tags.keys()].find((key) => key.startsWith(ownedClusterPrefix));
    return { "k8s.cluster.name": named ?? owned?.slice(ownedClusterPrefix.length) };
  } catch (error) {
    around.logger.warn({ detector: "eks" }, `k8s.cluster.name is left out: ${messageOf(error)}`);
    return {};
  }
}

/** A function of AWS Lambda, by its environment. */
export const lambdaDetector = defineDetector({
  name: "lambda",
  attributes: allOf(
    [
      "aws.log.group.names",
      "aws.log.stream.names",
      "cloud.platform",
      "cloud.provider",
      "cloud.region",
      "faas.instance",
      "faas.max_memory",
      "faas.name",
      "faas.version",
    ],
    true,
  ),
  options: {},
  async detect({ around: { env } }) {
    const name = env["AWS_LAMBDA_FUNCTION_NAME"];
    if (!name) throw new PermanentError("AWS_LAMBDA_FUNCTION_NAME is not set, this is no function of Lambda");
    const [group, stream] = [env["AWS_LAMBDA_LOG_GROUP_NAME"], env["AWS_LAMBDA_LOG_STREAM_NAME"]];
    return {
      ...cloud("aws_lambda"),
      "cloud.region": env["AWS_REGION"],
      "faas.name": name,
      "faas.version": env["AWS_LAMBDA_FUNCTION_VERSION"],
      "faas.instance": stream,
      "faas.max_memory": env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
      "aws.log.group.names": group ? [group] : undefined,
      "aws.log.stream.names": stream ? [stream] : undefined,
    };
  },
});

const beanstalk = z.object({ deployment_id: z.int(), environment_name: z.string(), version_label: z.string() });

/** An environment of Elastic Beanstalk with X-Ray, by the file that it writes. */
export const elasticBeanstalkDetector = defineDetector({
  name: "elastic_beanstalk",
  key: "elasticbeanstalk",
  attributes: allOf(
    ["cloud.platform", "cloud.provider", "deployment.environment", "service.instance.id", "service.version"],
    true,
  ),
  options: {},
  async detect({ around: { os, readFile } }) {
    const isWindows = os.platform() === "win32";
    const path = isWindows
      ? "C:\\Program Files\\Amazon\\XRay\\environment.conf"
      : "/var/elasticbeanstalk/xray/environment.conf";
    const parsed = beanstalk.safeParse(parseJson(await readFile(path)));
    if (!parsed.success) throw new PermanentError(`${path} holds other JSON than expected`);
    return {
      ...cloud("aws_elastic_beanstalk"),
      "deployment.environment": parsed.data.environment_name,
      "service.instance.id": String(parsed.data.deployment_id),
      "service.version": parsed.data.version_label,
    };
  },
});
