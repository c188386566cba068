import { describe, expect, it } from "vitest";
import { detect, metadataServer, surroundings } from "../support.ts";

describe("detectors azure and aks", () => {
  const compute = {
    location: "westeurope",
    name: "vm-1",
    osProfile: { computerName: "web" },
    resourceGroupName: "MC_group_blue_westeurope",
    subscriptionId: "sub",
    tagsList: [
      { name: "team", value: "shop" },
      { name: "cost", value: "7" },
    ],
    vmId: "id-1",
    vmScaleSetName: "",
    vmSize: "D2",
    zone: "2",
  };
  const path = "/metadata/instance/compute";

  it("describes the machine, with the tags that patterns select", async () => {
    const { address, requests } = await metadataServer({ [path]: compute });
    expect(await detect("azure", surroundings({ linkLocal: address }), { tags: ["^te"] })).toEqual({
      "cloud.provider": "azure",
      "cloud.platform": "azure_vm",
      "azure.resourcegroup.name": "MC_group_blue_westeurope",
      "azure.vm.name": "vm-1",
      "azure.vm.scaleset.name": "",
      "azure.vm.size": "D2",
      "cloud.account.id": "sub",
      "cloud.availability_zone": "2",
      "cloud.region": "westeurope",
      "host.id": "id-1",
      "host.name": "web",
      "azure.tag.team": "shop",
    });
    expect(requests[0]!.headers["metadata"]).toBe("True");
  });

  it.each([
    ["MC_group_blue_westeurope", "blue"],
    ["MC_my_group_blue_westeurope", "MC_my_group_blue_westeurope"],
    ["own", "own"],
  ])("reads the cluster's name off the resource group %s", async (resourceGroupName, name) => {
    const { address } = await metadataServer({ [path]: { ...compute, resourceGroupName } });
    const around = surroundings({ linkLocal: address, env: { KUBERNETES_SERVICE_HOST: "10.0.0.1" } });
    expect(await detect("aks", around)).toEqual({
      "cloud.provider": "azure",
      "cloud.platform": "azure_aks",
      "k8s.cluster.name": name,
    });
  });
});
