import { describe, expect, it } from "vitest";
import { detect, metadataServer, surroundings } from "../support.ts";

describe("detectors that read the environment or a file", () => {
  it("lambda", async () => {
    const env = {
      AWS_LAMBDA_FUNCTION_NAME: "fn",
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "128",
      AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/fn",
      AWS_LAMBDA_LOG_STREAM_NAME: "2026/s",
      AWS_REGION: "eu-west-1",
    };
    expect(await detect("lambda", surroundings({ env }))).toEqual({
      "cloud.provider": "aws",
      "cloud.platform": "aws_lambda",
      "cloud.region": "eu-west-1",
      "faas.name": "fn",
      "faas.version": "$LATEST",
      "faas.instance": "2026/s",
      "faas.max_memory": "128",
      "aws.log.group.names": ["/aws/lambda/fn"],
      "aws.log.stream.names": ["2026/s"],
    });
  });

  it("elastic_beanstalk", async () => {
    const path = "/var/elasticbeanstalk/xray/environment.conf";
    const text = '{"deployment_id": 32, "environment_name": "prod", "version_label": "v7"}';
    expect(await detect("elastic_beanstalk", surroundings({}, { [path]: text }))).toEqual({
      "cloud.provider": "aws",
      "cloud.platform": "aws_elastic_beanstalk",
      "deployment.environment": "prod",
      "service.instance.id": "32",
      "service.version": "v7",
    });
    await expect(detect("elastic_beanstalk", surroundings({}, { [path]: "{" }))).rejects.toThrow(
      `${path} holds other JSON than expected`,
    );
  });

  it("azurecontainerapps", async () => {
    const env = { CONTAINER_APP_NAME: "shop", CONTAINER_APP_REPLICA_NAME: "shop--1" };
    expect(await detect("azurecontainerapps", surroundings({ env }))).toEqual({
      "cloud.provider": "azure",
      "cloud.platform": "azure.container_apps",
      "service.name": "shop",
      "azure.container_app.instance.id": "shop--1",
    });
  });

  it("heroku", async () => {
    const env = { HEROKU_APP_ID: "a", HEROKU_APP_NAME: "shop", HEROKU_DYNO_ID: "d", HEROKU_RELEASE_VERSION: "v9" };
    expect(await detect("heroku", surroundings({ env }))).toMatchObject({
      "cloud.provider": "heroku",
      "heroku.app.id": "a",
      "service.name": "shop",
      "service.instance.id": "d",
      "service.version": "v9",
    });
  });

  it("dynatrace", async () => {
    const path = "/var/lib/dynatrace/enrichment/dt_host_metadata.properties";
    const text = "dt.entity.host=HOST-1\nhost.name=web\nconstructor=x\nother=y\n";
    expect(await detect("dynatrace", surroundings({}, { [path]: text }))).toEqual({
      "dt.entity.host": "HOST-1",
      "host.name": "web",
    });
  });
});

describe("detector consul", () => {
  it("asks the agent with its token, and takes the metadata that are named", async () => {
    const Config = { Datacenter: "dc1", NodeID: "id", NodeName: "web" };
    const Meta = { rack: "7", constructor: "x" };
    const { address, requests } = await metadataServer({ "/v1/agent/self": { Config, Meta } });
    const around = surroundings({ env: { CONSUL_HTTP_ADDR: new URL(address).host } }, { "/token": "s3cret\n" });
    const block = { token_file: "/token", datacenter: "dc1", meta: { rack: null } };
    expect(await detect("consul", around, block)).toEqual({
      rack: "7",
      "cloud.region": "dc1",
      "host.id": "id",
      "host.name": "web",
    });
    expect(requests[0]).toMatchObject({ url: "/v1/agent/self?dc=dc1" });
    expect(requests[0]!.headers["x-consul-token"]).toBe("s3cret");
  });
});
