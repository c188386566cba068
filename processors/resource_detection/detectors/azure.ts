import { z } from "zod";
import { PermanentError } from "../../../pipeline/errors.ts";
import { patternText } from "../../helper/pattern.ts";
import { type Detected, defineDetector, type Surroundings } from "../detector.ts";
import { clusterAddress } from "../kubernetes.ts";
import { matchingKeys } from "../matching-keys.ts";

const compute = z.object({
  location: z.string(),
  name: z.string(),
  osProfile: z.object({ computerName: z.string().optional() }).optional(),
  resourceGroupName: z.string(),
  subscriptionId: z.string(),
  tagsList: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  vmId: z.string(),
  vmScaleSetName: z.string().optional(),
  vmSize: z.string(),
  zone: z.string().optional(),
});

/** @see https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service */
function instance({ http, linkLocal }: Surroundings): Promise<z.output<typeof compute>> {
  const url = `${linkLocal}/metadata/instance/compute?api-version=2021-02-01&format=json`;
  return http.json({ url, headers: { metadata: "True" } }, compute);
}

const cloud = (platform: string): Detected => ({ "cloud.provider": "azure", "cloud.platform": platform });

/** A virtual machine of Azure, by its metadata service. */
export const azureDetector = defineDetector({
  name: "azure",
  attributes: {
    "azure.resourcegroup.name": true,
    "azure.vm.name": true,
    "azure.vm.scaleset.name": true,
    "azure.vm.size": true,
    "cloud.account.id": true,
    "cloud.platform": true,
    "cloud.provider": true,
    "cloud.region": true,
    "host.id": true,
    "host.name": true,
    "cloud.availability_zone": false,
  },
  options: {
    tags: z.array(patternText).default([]).describe("Patterns of the names of tags to add as azure.tag.<name>."),
  },
  async detect({ around, options }) {
    const found = await instance(around);
    const isWanted = matchingKeys(options.tags);
    const tags = found.tagsList.filter(({ name }) => isWanted(name));
    return {
      ...cloud("azure_vm"),
      "azure.resourcegroup.name": found.resourceGroupName,
      "azure.vm.name": found.name,
      "azure.vm.scaleset.name": found.vmScaleSetName,
      "azure.vm.size": found.vmSize,
      "cloud.account.id": found.subscriptionId,
      "cloud.availability_zone": found.zone,
      "cloud.region": found.location,
      "host.id": found.vmId,
      "host.name": found.osProfile?.computerName || found.name,
      ...Object.fromEntries(tags.map(({ name, value }) => [`azure.tag.${name}`, value])),
    };
  },
});

/** A node of Azure's Kubernetes service. */
export const aksDetector = defineDetector({
  name: "aks",
  attributes: { "cloud.platform": true, "cloud.provider": true, "k8s.cluster.name": false },
  options: {},
  async detect({ around }) {
    // Only a pod has one.
    clusterAddress(around);
    const { resourceGroupName } = await instance(around);
    return { ...cloud("azure_aks"), "k8s.cluster.name": clusterName(resourceGroupName) };
  },
});

/** Of `MC_<resource group>_<cluster>_<location>`; the whole where the parts cannot be told apart. */
function clusterName(group: string): string {
  const parts = group.split("_");
  return parts.length === 4 && parts[0]!.toUpperCase() === "MC" ? parts[2]! : group;
}

/** An app of Azure Container Apps, by its environment. */
export const azureContainerAppsDetector = defineDetector({
  name: "azurecontainerapps",
  attributes: {
    "azure.container_app.instance.id": true,
    "cloud.platform": true,
    "cloud.provider": true,
    "service.name": true,
  },
  options: {},
  async detect({ around: { env } }) {
    const name = env["CONTAINER_APP_NAME"];
    if (!name) throw new PermanentError("CONTAINER_APP_NAME is not set, this is no Azure Container App");
    return {
      ...cloud("azure.container_apps"),
      "service.name": name,
      "azure.container_app.instance.id": env["CONTAINER_APP_REPLICA_NAME"],
    };
  },
});
