import { z } from "zod";
import { PermanentError } from "../../../pipeline/errors.ts";
import { type Detected, defineDetector } from "../detector.ts";

const container = z.object({
  DockerId: z.string(),
  KnownStatus: z.string().optional(),
  LogDriver: z.string().optional(),
  LogOptions: z.record(z.string(), z.string()).optional(),
  Type: z.string().optional(),
});
type Container = z.output<typeof container>;

const task = z.object({
  AvailabilityZone: z.string().optional(),
  Cluster: z.string(),
  Containers: z.array(container).default([]),
  Family: z.string(),
  LaunchType: z.string().optional(),
  Revision: z.string(),
  TaskARN: z.string(),
});

/**
 * The task of ECS around, by its metadata endpoint, version 4 or 3.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4.html
 */
export const ecsDetector = defineDetector({
  name: "ecs",
  attributes: {
    "aws.ecs.cluster.arn": true,
    "aws.ecs.launchtype": true,
    "aws.ecs.task.arn": true,
    "aws.ecs.task.family": true,
    "aws.ecs.task.id": true,
    "aws.ecs.task.revision": true,
    "aws.log.group.arns": true,
    "aws.log.group.names": true,
    "aws.log.stream.arns": true,
    "aws.log.stream.names": true,
    "cloud.account.id": true,
    "cloud.availability_zone": true,
    "cloud.platform": true,
    "cloud.provider": true,
    "cloud.region": true,
  },
  options: {},
  async detect({ around: { env, http } }) {
    const uri = env["ECS_CONTAINER_METADATA_URI_V4"]?.trim() || env["ECS_CONTAINER_METADATA_URI"]?.trim();
    if (!uri) throw new PermanentError("ECS_CONTAINER_METADATA_URI_V4 is not set, this is no task of ECS");
    const [own, self] = await Promise.all([
      http.json({ url: `${uri}/task` }, task),
      http.json({ url: uri }, container),
    ]);
    // arn:aws:ecs:<region>:<account>:task/<cluster>/<id>, formerly without the cluster.
    const [, , , region = "", account = "", path = ""] = own.TaskARN.split(":");
    return {
      "cloud.provider": "aws",
      "cloud.platform": "aws_ecs",
      "cloud.account.id": account,
      "cloud.availability_zone": own.AvailabilityZone,
      "cloud.region": region,
      "aws.ecs.cluster.arn": own.Cluster.includes(":")
        ? own.Cluster
        : `arn:aws:ecs:${region}:${account}:cluster/${own.Cluster}`,
      "aws.ecs.launchtype": own.LaunchType?.toLowerCase(),
      "aws.ecs.task.arn": own.TaskARN,
      "aws.ecs.task.family": own.Family,
      "aws.ecs.task.id": path.split("/").at(-1),
      "aws.ecs.task.revision": own.Revision,
      ...logs(own.Containers, self, account),
    };
  },
});

/** Where the task's other containers log to: Signalbox runs beside them. */
function logs(containers: readonly Container[], self: Container, account: string): Detected {
  const others = containers.filter(
    ({ DockerId, KnownStatus, LogDriver, LogOptions, Type }) =>
      Type === "NORMAL" &&
      KnownStatus === "RUNNING" &&
      LogDriver === "awslogs" &&
      LogOptions !== undefined &&
      DockerId !== self.DockerId,
  );
  const found = others.map(({ LogOptions = {} }) => {
    const group = LogOptions["awslogs-group"] ?? "";
    const stream = LogOptions["awslogs-stream"] ?? "";
    const groupArn = `arn:aws:logs:${LogOptions["awslogs-region"] ?? ""}:${account}:log-group:${group}`;
    return { group, stream, groupArn, streamArn: `${groupArn}:log-stream:${stream}` };
  });
  return {
    "aws.log.group.names": found.map(({ group }) => group),
    "aws.log.group.arns": found.map(({ groupArn }) => groupArn),
    "aws.log.stream.names": found.map(({ stream }) => stream),
    "aws.log.stream.arns": found.map(({ streamArn }) => streamArn),
  };
}
