import { z } from "zod";
import { isPermanent } from "../../../pipeline/errors.ts";
import { type Detected, defineDetector, type Surroundings } from "../detector.ts";

/**
 * Google's clouds: Compute Engine, Kubernetes Engine, Cloud Run, Cloud Functions and App Engine, by the metadata server and
 * by what each of them puts into the environment.
 *
 * @see https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys
 */
export const gcpDetector = defineDetector({
  name: "gcp",
  attributes: {
    "cloud.account.id": true,
    "cloud.availability_zone": true,
    "cloud.platform": true,
    "cloud.provider": true,
    "cloud.region": true,
    "faas.instance": true,
    "faas.name": true,
    "faas.version": true,
    "gcp.cloud_run.job.execution": true,
    "gcp.cloud_run.job.task_index": true,
    "gcp.gce.instance.hostname": false,
    "gcp.gce.instance.name": false,
    "gcp.gce.instance_group_manager.name": true,
    "gcp.gce.instance_group_manager.region": true,
    "gcp.gce.instance_group_manager.zone": true,
    "host.id": true,
    "host.name": true,
    "host.type": true,
    "k8s.cluster.name": true,
  },
  options: {
    labels: z
      .array(z.string())
      .max(0, "must be empty: Signalbox does not ask the API of Compute Engine for labels")
      .default([])
      .describe("Labels of the instance; not supported."),
  },
  async detect({ around }) {
    const metadata = new Metadata(around);
    const project = await metadata.get("project/project-id");
    return { "cloud.provider": "gcp", "cloud.account.id": project, ...(await platform(metadata, around.env)) };
  },
});

/** The platform that its environment gives away, the more special one first: each also is the machine below it. */
function platform(metadata: Metadata, env: NodeJS.ProcessEnv): Promise<Detected> {
  if (env["KUBERNETES_SERVICE_HOST"]) return kubernetesEngine(metadata);
  if (env["FUNCTION_TARGET"]) return serverless(metadata, "gcp_cloud_functions", service(env));
  if (env["K_CONFIGURATION"]) return serverless(metadata, "gcp_cloud_run", service(env));
  if (env["CLOUD_RUN_JOB"]) {
    return serverless(metadata, "gcp_cloud_run", {
      "faas.name": env["CLOUD_RUN_JOB"],
      "gcp.cloud_run.job.execution": env["CLOUD_RUN_EXECUTION"],
      "gcp.cloud_run.job.task_index": env["CLOUD_RUN_TASK_INDEX"],
    });
  }
  if (env["CLOUD_RUN_WORKER_POOL"]) {
    return serverless(metadata, "gcp_cloud_run", {
      "faas.name": env["CLOUD_RUN_WORKER_POOL"],
      "faas.version": env["CLOUD_RUN_WORKER_POOL_REVISION"],
    });
  }
  return env["GAE_SERVICE"] ? appEngine(metadata, env) : computeEngine(metadata);
}

const service = (env: NodeJS.ProcessEnv): Detected => ({
  "faas.name": env["K_SERVICE"],
  "faas.version": env["K_REVISION"],
});

async function kubernetesEngine(metadata: Metadata): Promise<Detected> {
  const [location, cluster, id, name] = await Promise.all([
    metadata.get("instance/attributes/cluster-location"),
    metadata.get("instance/attributes/cluster-name"),
    metadata.get("instance/id"),
    // Workload identity may hide it.
    metadata.find("instance/name"),
  ]);
  // A regional cluster has no zone: us-central1, where a zone is us-central1-c.
  const isZone = location.split("-").length === 3;
  return {
    "cloud.platform": "gcp_kubernetes_engine",
    ...(isZone ? zoneAndRegion(location) : { "cloud.region": location }),
    "k8s.cluster.name": cluster,
    "host.id": id,
    "host.name": name,
  };
}

async function serverless(metadata: Metadata, platformName: string, own: Detected): Promise<Detected> {
  const [region, id] = await Promise.all([metadata.get("instance/region"), metadata.get("instance/id")]);
  return { ...own, "cloud.platform": platformName, "cloud.region": lastPart(region), "faas.instance": id };
}

async function appEngine(metadata: Metadata, env: NodeJS.ProcessEnv): Promise<Detected> {
  const zone = lastPart(await metadata.get("instance/zone"));
  const region = env["GAE_ENV"] === "standard" ? lastPart(await metadata.get("instance/region")) : undefined;
  return {
    "cloud.platform": "gcp_app_engine",
    ...zoneAndRegion(zone),
    ...(region && { "cloud.region": region }),
    "faas.name": env["GAE_SERVICE"],
    "faas.version": env["GAE_VERSION"],
    "faas.instance": env["GAE_INSTANCE"],
  };
}

async function computeEngine(metadata: Metadata): Promise<Detected> {
  const [zone, type, id, name, hostname, createdBy] = await Promise.all([
    metadata.get("instance/zone"),
    metadata.get("instance/machine-type"),
    metadata.get("instance/id"),
    metadata.get("instance/name"),
    metadata.find("instance/hostname"),
    metadata.find("instance/attributes/created-by"),
  ]);
  return {
    "cloud.platform": "gcp_compute_engine",
    ...zoneAndRegion(lastPart(zone)),
    "host.type": type,
    "host.id": id,
    "host.name": name,
    "gcp.gce.instance.hostname": hostname,
    "gcp.gce.instance.name": name,
    ...groupManager(createdBy ?? ""),
  };
}

/** Of `projects/1/zones/us-central1-c/instanceGroupManagers/web`, or `regions` in place of `zones`. */
function groupManager(createdBy: string): Detected {
  const match = /\/(zones|regions)\/([^/]+)\/instanceGroupManagers\/([^/]+)$/.exec(createdBy);
  if (match === null) return {};
  const [, kind, place, name] = match;
  const key = kind === "zones" ? "zone" : "region";
  return {
    "gcp.gce.instance_group_manager.name": name,
    [`gcp.gce.instance_group_manager.${key}`]: place,
  };
}

function zoneAndRegion(zone: string): Detected {
  return { "cloud.availability_zone": zone, "cloud.region": zone.split("-").slice(0, 2).join("-") };
}

/** `us-central1-c` of `projects/1/zones/us-central1-c`. */
function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

class Metadata {
  readonly #around: Surroundings;
  readonly #address: string;

  constructor(around: Surroundings) {
    const host = around.env["GCE_METADATA_HOST"];
    this.#around = around;
    this.#address = host ? `http://${host}` : around.linkLocal;
  }

  /** @throws {PermanentError} there is no such value */
  async get(path: string): Promise<string> {
    const url = `${this.#address}/computeMetadata/v1/${path}`;
    return await this.#around.http.text({ url, headers: { "metadata-flavor": "Google" } });
  }

  /** Undefined where there is no such value. */
  async find(path: string): Promise<string | undefined> {
    try {
      return await this.get(path);
    } catch (error) {
      if (!isPermanent(error)) throw error;
      return undefined;
    }
  }
}
