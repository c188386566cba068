import type { Detector } from "./detector.ts";
import { ec2Detector, eksDetector, elasticBeanstalkDetector, lambdaDetector } from "./detectors/aws.ts";
import { aksDetector, azureContainerAppsDetector, azureDetector } from "./detectors/azure.ts";
import { dockerDetector } from "./detectors/docker.ts";
import { ecsDetector } from "./detectors/ecs.ts";
import { envDetector } from "./detectors/env.ts";
import { gcpDetector } from "./detectors/gcp.ts";
import { consulDetector, dynatraceDetector, herokuDetector } from "./detectors/hosts.ts";
import { k8sApiDetector, k8sNodeDetector, kubeadmDetector, openshiftDetector } from "./detectors/kubernetes.ts";
import { systemDetector } from "./detectors/system.ts";

/** Every detector. The only place where they are registered. */
export const detectors: readonly Detector[] = [
  envDetector,
  systemDetector,
  dockerDetector,
  ec2Detector,
  ecsDetector,
  eksDetector,
  elasticBeanstalkDetector,
  lambdaDetector,
  gcpDetector,
  azureDetector,
  aksDetector,
  azureContainerAppsDetector,
  herokuDetector,
  dynatraceDetector,
  consulDetector,
  k8sApiDetector,
  k8sNodeDetector,
  kubeadmDetector,
  openshiftDetector,
];

/** What the Collector has, or had, besides, and what to do without it. */
export const missingDetectors: ReadonlyMap<string, string> = new Map([
  ["gce", "use gcp"],
  ["gke", "use gcp"],
  ...[
    "akamai",
    "alibaba_ecs",
    "digitalocean",
    "hetzner",
    "ibmcloud_classic",
    "ibmcloud_vpc",
    "nova",
    "oraclecloud",
    "scaleway",
    "tencent_cvm",
    "upcloud",
    "vultr",
  ].map((name) => [name, "set its attributes by OTEL_RESOURCE_ATTRIBUTES and the detector env"] as const),
]);
