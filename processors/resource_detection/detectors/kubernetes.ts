import { parse } from "yaml";
import { z } from "zod";
import { secret } from "../../../config/secret.ts";
import { clientTlsSchema } from "../../../config/tls.ts";
import { clientTlsOptions } from "../../../net/tls-client.ts";
import { type Detected, defineDetector } from "../detector.ts";
import {
  authType,
  clusterAccess,
  clusterAddress,
  clusterUid,
  nodeVariable,
  ownNode,
  readObject,
  serviceAccount,
} from "../kubernetes.ts";

const nodeDetector = (name: string) =>
  defineDetector({
    name,
    attributes: { "k8s.cluster.uid": true, "k8s.node.name": true, "k8s.node.uid": true },
    options: { auth_type: authType, node_from_env_var: nodeVariable },
    async detect({ around, options, wants }) {
      const access = await clusterAccess(options.auth_type, around);
      const { metadata } = await ownNode(access, options.node_from_env_var, around);
      return {
        "k8s.node.name": metadata.name,
        "k8s.node.uid": metadata.uid,
        "k8s.cluster.uid": wants("k8s.cluster.uid") ? await clusterUid(access, around) : undefined,
      };
    },
  });

/** The node of the pod, by the API of Kubernetes. */
export const k8sApiDetector = nodeDetector("k8s_api");
/** The same, under its former name. */
export const k8sNodeDetector = nodeDetector("k8snode");

const configMap = z.object({ data: z.object({ ClusterConfiguration: z.string() }) });
const clusterConfiguration = z.object({ clusterName: z.string() });

/** A cluster made by kubeadm, by its config map. */
export const kubeadmDetector = defineDetector({
  name: "kubeadm",
  attributes: { "k8s.cluster.name": true, "k8s.cluster.uid": true },
  options: { auth_type: authType },
  async detect({ around, options, wants }) {
    const access = await clusterAccess(options.auth_type, around);
    const path = "/api/v1/namespaces/kube-system/configmaps/kubeadm-config";
    const { data } = await readObject(access, path, configMap, around);
    const read = clusterConfiguration.safeParse(parse(data.ClusterConfiguration));
    if (!read.success) throw new Error("the config map kubeadm-config has no clusterName");
    return {
      "k8s.cluster.name": read.data.clusterName,
      "k8s.cluster.uid": wants("k8s.cluster.uid") ? await clusterUid(access, around) : undefined,
    };
  },
});

const infrastructure = z.object({
  status: z.object({
    infrastructureName: z.string().default(""),
    platformStatus: z.looseObject({ type: z.string().default("") }).default({ type: "" }),
  }),
});

/** By `platformStatus.type` in lower case: the cloud below OpenShift, and the key of its region. */
const platforms: ReadonlyMap<string, { readonly provider?: string; readonly regionKey: string }> = new Map([
  ["aws", { provider: "aws", regionKey: "region" }],
  ["azure", { provider: "azure", regionKey: "cloudName" }],
  ["gcp", { provider: "gcp", regionKey: "region" }],
  ["ibmcloud", { provider: "ibm_cloud", regionKey: "location" }],
  ["openstack", { regionKey: "cloudName" }],
]);

/** A cluster of OpenShift, by its API. */
export const openshiftDetector = defineDetector({
  name: "openshift",
  attributes: { "cloud.platform": true, "cloud.provider": true, "cloud.region": true, "k8s.cluster.name": true },
  options: {
    address: z
      .string()
      .regex(/^https?:\/\//, "must be an address such as https://api.example.com:6443")
      .optional()
      .describe("Address of the API; that of the cluster around when left out."),
    token: secret.optional().describe("Token to send; that of the pod when left out."),
    tls: clientTlsSchema.prefault({}).describe("How to connect; the authorities of the pod when ca_file is left out."),
  },
  async detect({ around, options }) {
    const { address = clusterAddress(around), tls, token } = options;
    const ownTls = await clientTlsOptions(tls, "openshift");
    const needsCa = !tls.insecure && ownTls.ca === undefined;
    const access = {
      address: address.replace(/\/$/, ""),
      token: token ?? (await around.readFile(serviceAccount.token)).trim(),
      tls: needsCa ? { ...ownTls, ca: await around.readFile(serviceAccount.ca) } : ownTls,
    };
    const path = "/apis/config.openshift.io/v1/infrastructures/cluster/status";
    const { status } = await readObject(access, path, infrastructure, around);
    return { "k8s.cluster.name": status.infrastructureName, ...cloudBelow(status.platformStatus) };
  },
});

function cloudBelow(status: z.output<typeof infrastructure>["status"]["platformStatus"]): Detected {
  const type = status.type.toLowerCase();
  const platform = platforms.get(type);
  if (platform === undefined) return {};
  const details = status[type];
  const region: unknown =
    typeof details === "object" && details !== null ? Reflect.get(details, platform.regionKey) : undefined;
  return {
    "cloud.provider": platform.provider,
    "cloud.platform": platform.provider && `${platform.provider}_openshift`,
    "cloud.region": typeof region === "string" ? region.toLowerCase() : undefined,
  };
}
