import type { ConnectionOptions } from "node:tls";
import { z } from "zod";
import { PermanentError } from "../../pipeline/errors.ts";
import type { Surroundings } from "./detector.ts";

const accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Where Kubernetes keeps what a pod needs to ask its API. */
export const serviceAccount = { token: `${accountFolder}/token`, ca: `${accountFolder}/ca.crt` } as const;

/** `auth_type` of the detectors that ask the API of Kubernetes. */
export const authType = z
  .enum(["serviceAccount", "none"])
  .default("serviceAccount")
  .describe(
    "How to authenticate: serviceAccount sends the token of the pod, none nothing. The authorities are the pod's.",
  );

export interface KubernetesAccess {
  readonly address: string;
  readonly token: string | undefined;
  readonly tls: ConnectionOptions;
}

/**
 * Address of the API of the cluster around.
 *
 * @throws {PermanentError} there is none
 */
export function clusterAddress({ env }: Surroundings): string {
  const host = env["KUBERNETES_SERVICE_HOST"] ?? "";
  if (host === "") throw new PermanentError("KUBERNETES_SERVICE_HOST is not set, this is no pod of Kubernetes");
  const port = env["KUBERNETES_SERVICE_PORT"] || "443";
  return `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** How a pod asks the API of its cluster. */
export async function clusterAccess(auth: z.output<typeof authType>, around: Surroundings): Promise<KubernetesAccess> {
  const address = clusterAddress(around);
  const token = auth === "none" ? undefined : (await around.readFile(serviceAccount.token)).trim();
  return { address, token, tls: { ca: await around.readFile(serviceAccount.ca) } };
}

/** Reads an object of the API, such as `/api/v1/nodes/a`. */
export function readObject<Output>(
  { address, token, tls }: KubernetesAccess,
  path: string,
  schema: z.ZodType<Output>,
  { http }: Surroundings,
): Promise<Output> {
  const headers = { accept: "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  return http.json({ url: `${address}${path}`, headers, tls }, schema);
}

const namespace = z.object({ metadata: z.object({ uid: z.string() }) });

/** The id of the cluster: that of a namespace which lives as long as it does. */
export async function clusterUid(access: KubernetesAccess, around: Surroundings): Promise<string> {
  return (await readObject(access, "/api/v1/namespaces/kube-system", namespace, around)).metadata.uid;
}

/** The node that Signalbox runs on. */
export async function ownNode(
  access: KubernetesAccess,
  variable: string,
  around: Surroundings,
): Promise<z.output<typeof node>> {
  const name = around.env[variable] ?? "";
  if (name === "")
    throw new PermanentError(`the environment variable ${variable} is not set, it must hold the node's name`);
  return await readObject(access, `/api/v1/nodes/${encodeURIComponent(name)}`, node, around);
}

const node = z.object({
  metadata: z.object({ name: z.string(), uid: z.string() }),
  spec: z.object({ providerID: z.string().optional() }).default({}),
});

/** `node_from_env_var` of the detectors that ask for the node. */
export const nodeVariable = z
  .string()
  .min(1)
  .default("K8S_NODE_NAME")
  .describe("Environment variable with the name of the node, set from the pod's spec.nodeName.");
