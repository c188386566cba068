import { describe, expect, it } from "vitest";
import { instance, ofInstance, tags } from "../ec2-instance.ts";
import { detect, metadataServer, surroundings } from "../support.ts";

describe("detector ec2", () => {
  it("asks for a token first, then for the instance with it", async () => {
    const { address, requests } = await metadataServer(instance);
    expect(await detect("ec2", surroundings({ linkLocal: address }))).toEqual({
      ...ofInstance,
      "cloud.platform": "aws_ec2",
    });
    expect(requests[0]).toMatchObject({ method: "PUT", url: "/latest/api/token" });
    expect(requests).toHaveLength(3);
    for (const { headers } of requests.slice(1)) expect(headers["x-aws-ec2-metadata-token"]).toBe("t0ken");
  });

  it("asks where AWS_EC2_METADATA_SERVICE_ENDPOINT says, and nowhere when it is switched off", async () => {
    const { address } = await metadataServer(instance);
    const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: `${address}/` };
    expect(await detect("ec2", surroundings({ env }))).toMatchObject(ofInstance);
    const off = surroundings({ env: { ...env, AWS_EC2_METADATA_DISABLED: "true" } });
    await expect(detect("ec2", off)).rejects.toThrow("AWS_EC2_METADATA_DISABLED is true");
  });

  it("adds the tags that patterns select", async () => {
    const { address } = await metadataServer({ ...instance, ...tags });
    const block = { tags: ["^team$", "^Na"], tags_from_imds: true };
    const found = await detect("ec2", surroundings({ linkLocal: address }), block);
    expect(found).toMatchObject({ "ec2.tag.Name": "web", "ec2.tag.team": "shop" });
    expect(Object.keys(found)).not.toContain("ec2.tag.aws:eks:cluster-name");
  });

  it("says what the instance lacks for tags", async () => {
    const { address } = await metadataServer(instance);
    const block = { tags: ["x"], tags_from_imds: true };
    await expect(detect("ec2", surroundings({ linkLocal: address }), block)).rejects.toThrow(
      "tags cannot be read, the instance must have InstanceMetadataTags enabled",
    );
  });
});
