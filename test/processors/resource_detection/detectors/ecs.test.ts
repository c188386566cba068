import { describe, expect, it } from "vitest";
import { detect, metadataServer, surroundings } from "../support.ts";

describe("detector ecs", () => {
  it("describes the task, and where its other containers log to", async () => {
    const log = { "awslogs-group": "/ecs/shop", "awslogs-region": "us-east-2", "awslogs-stream": "app/1" };
    const container = {
      DockerId: "app",
      Type: "NORMAL",
      KnownStatus: "RUNNING",
      LogDriver: "awslogs",
      LogOptions: log,
    };
    const { address } = await metadataServer({
      "/v4/abc": { ...container, DockerId: "own" },
      "/v4/abc/task": {
        Cluster: "default",
        TaskARN: "arn:aws:ecs:us-east-2:123456789012:task/default/158d1c8083dd49d6b527399fd6414f5c",
        Family: "shop",
        Revision: "26",
        AvailabilityZone: "us-east-2b",
        LaunchType: "FARGATE",
        Containers: [{ ...container, DockerId: "own" }, container, { ...container, KnownStatus: "STOPPED" }],
      },
    });
    const env = { ECS_CONTAINER_METADATA_URI_V4: `${address}/v4/abc` };
    const group = "arn:aws:logs:us-east-2:123456789012:log-group:/ecs/shop";
    expect(await detect("ecs", surroundings({ env }))).toEqual({
      "cloud.provider": "aws",
      "cloud.platform": "aws_ecs",
      "cloud.account.id": "123456789012",
      "cloud.availability_zone": "us-east-2b",
      "cloud.region": "us-east-2",
      "aws.ecs.cluster.arn": "arn:aws:ecs:us-east-2:123456789012:cluster/default",
      "aws.ecs.launchtype": "fargate",
      "aws.ecs.task.arn": "arn:aws:ecs:us-east-2:123456789012:task/default/158d1c8083dd49d6b527399fd6414f5c",
      "aws.ecs.task.family": "shop",
      "aws.ecs.task.id": "158d1c8083dd49d6b527399fd6414f5c",
      "aws.ecs.task.revision": "26",
      "aws.log.group.names": ["/ecs/shop"],
      "aws.log.group.arns": [group],
      "aws.log.stream.names": ["app/1"],
      "aws.log.stream.arns": [`${group}:log-stream:app/1`],
    });
  });
});
