import { describe, expect, it } from "vitest";
import { detect, metadataServer, surroundings } from "../support.ts";

describe("detector gcp", () => {
  const v1 = "/computeMetadata/v1";
  const machine = {
    [`${v1}/project/project-id`]: "shop-1",
    [`${v1}/instance/id`]: "5310123456789012345",
    [`${v1}/instance/name`]: "web-7",
    [`${v1}/instance/hostname`]: "web-7.c.shop-1.internal",
    [`${v1}/instance/zone`]: "projects/7/zones/us-central1-c",
    [`${v1}/instance/region`]: "projects/7/regions/us-central1",
    [`${v1}/instance/machine-type`]: "projects/7/machineTypes/n1-standard-1",
    [`${v1}/instance/attributes/created-by`]: "projects/7/zones/us-central1-c/instanceGroupManagers/web",
  };
  const on = async (env: NodeJS.ProcessEnv, more: Record<string, string> = {}) => {
    const { address, requests } = await metadataServer({ ...machine, ...more });
    const found = await detect("gcp", surroundings({ env: { ...env, GCE_METADATA_HOST: new URL(address).host } }));
    for (const { headers } of requests) expect(headers["metadata-flavor"]).toBe("Google");
    return found;
  };
  const project = { "cloud.provider": "gcp", "cloud.account.id": "shop-1" };

  it("describes a machine of Compute Engine, with digits that no number keeps", async () => {
    expect(await on({})).toEqual({
      ...project,
      "cloud.platform": "gcp_compute_engine",
      "cloud.availability_zone": "us-central1-c",
      "cloud.region": "us-central1",
      "host.type": "projects/7/machineTypes/n1-standard-1",
      "host.id": "5310123456789012345",
      "host.name": "web-7",
      "gcp.gce.instance.hostname": "web-7.c.shop-1.internal",
      "gcp.gce.instance.name": "web-7",
      "gcp.gce.instance_group_manager.name": "web",
      "gcp.gce.instance_group_manager.zone": "us-central1-c",
    });
  });

  it("describes a cluster of Kubernetes Engine, zonal or regional", async () => {
    const cluster = (location: string) => ({
      [`${v1}/instance/attributes/cluster-name`]: "blue",
      [`${v1}/instance/attributes/cluster-location`]: location,
    });
    const found = {
      ...project,
      "cloud.platform": "gcp_kubernetes_engine",
      "k8s.cluster.name": "blue",
      "host.id": "5310123456789012345",
      "host.name": "web-7",
      "cloud.region": "us-central1",
    };
    expect(await on({ KUBERNETES_SERVICE_HOST: "10.0.0.1" }, cluster("us-central1"))).toEqual(found);
    expect(await on({ KUBERNETES_SERVICE_HOST: "10.0.0.1" }, cluster("us-central1-c"))).toEqual({
      ...found,
      "cloud.availability_zone": "us-central1-c",
    });
  });

  it.each([
    [
      { K_SERVICE: "fn", K_REVISION: "2", K_CONFIGURATION: "fn", FUNCTION_TARGET: "main" },
      { "cloud.platform": "gcp_cloud_functions", "faas.name": "fn", "faas.version": "2" },
    ],
    [
      { K_SERVICE: "run", K_REVISION: "3", K_CONFIGURATION: "run" },
      { "cloud.platform": "gcp_cloud_run", "faas.name": "run", "faas.version": "3" },
    ],
    [
      { CLOUD_RUN_JOB: "job", CLOUD_RUN_EXECUTION: "job-x", CLOUD_RUN_TASK_INDEX: "0" },
      {
        "cloud.platform": "gcp_cloud_run",
        "faas.name": "job",
        "gcp.cloud_run.job.execution": "job-x",
        "gcp.cloud_run.job.task_index": "0",
      },
    ],
  ])("describes what runs without a machine: %o", async (env, expected) => {
    expect(await on(env)).toEqual({
      ...project,
      ...expected,
      "cloud.region": "us-central1",
      "faas.instance": "5310123456789012345",
    });
  });

  it("describes a service of App Engine", async () => {
    const env = { GAE_SERVICE: "s", GAE_VERSION: "v", GAE_INSTANCE: "i", GAE_ENV: "standard" };
    expect(await on(env)).toEqual({
      ...project,
      "cloud.platform": "gcp_app_engine",
      "cloud.availability_zone": "us-central1-c",
      "cloud.region": "us-central1",
      "faas.name": "s",
      "faas.version": "v",
      "faas.instance": "i",
    });
  });
});
