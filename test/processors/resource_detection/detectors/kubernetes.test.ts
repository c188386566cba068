import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { Surroundings } from "../../../../processors/resource_detection/detector.ts";
import { instance, ofInstance, tags } from "../ec2-instance.ts";
import { detect, metadataServer, surroundings } from "../support.ts";

describe("detectors that ask the API of Kubernetes", () => {
  const folder = "/var/run/secrets/kubernetes.io/serviceaccount";
  const pem = (name: string) => readFile(new URL(`../../../testdata/tls/${name}`, import.meta.url), "utf8");
  const cluster = async (answers: Record<string, object | string>, overrides: Partial<Surroundings> = {}) => {
    const tls = { cert: await pem("server.crt"), key: await pem("server.key") };
    const server = await metadataServer(answers, { tls });
    const { hostname, port } = new URL(server.address);
    const around = surroundings(
      {
        ...overrides,
        env: {
          KUBERNETES_SERVICE_HOST: hostname,
          KUBERNETES_SERVICE_PORT: port,
          K8S_NODE_NAME: "node-1",
          ...overrides.env,
        },
      },
      { [`${folder}/token`]: "t0ken\n", [`${folder}/ca.crt`]: await pem("ca.crt") },
    );
    return { ...server, around };
  };
  const node = {
    metadata: { name: "node-1", uid: "node-uid" },
    spec: { providerID: "aws:///eu-west-1a/i-0def" },
  };
  const objects = {
    "/api/v1/nodes/node-1": node,
    "/api/v1/namespaces/kube-system": { metadata: { uid: "cluster-uid" } },
    "/version": { gitVersion: "v1.30.1-eks-abc" },
  };

  it.each(["k8s_api", "k8snode"])("%s reads node and cluster with the pod's token and authority", async (name) => {
    const { around, requests } = await cluster(objects);
    expect(await detect(name, around)).toEqual({
      "k8s.node.name": "node-1",
      "k8s.node.uid": "node-uid",
      "k8s.cluster.uid": "cluster-uid",
    });
    for (const { headers } of requests) expect(headers.authorization).toBe("Bearer t0ken");
  });

  it("k8s_api says which variable must hold the node's name, and trusts no other authority", async () => {
    const { around } = await cluster(objects);
    await expect(detect("k8s_api", around, { node_from_env_var: "MY_NODE" })).rejects.toThrow(
      "the environment variable MY_NODE is not set, it must hold the node's name",
    );
    const other = surroundings({ env: around.env }, { [`${folder}/token`]: "t", [`${folder}/ca.crt`]: "" });
    await expect(detect("k8s_api", other)).rejects.toThrow("does not answer");
  });

  it("kubeadm reads the cluster's name", async () => {
    const data = { ClusterConfiguration: "apiVersion: kubeadm.k8s.io/v1beta3\nclusterName: green\n" };
    const path = "/api/v1/namespaces/kube-system/configmaps/kubeadm-config";
    const { around } = await cluster({ ...objects, [path]: { data } });
    expect(await detect("kubeadm", around)).toEqual({ "k8s.cluster.name": "green", "k8s.cluster.uid": "cluster-uid" });
  });

  it("openshift reads the cluster and the cloud below it", async () => {
    const status = { infrastructureName: "ocp-7", platformStatus: { type: "AWS", aws: { region: "EU-west-1" } } };
    const path = "/apis/config.openshift.io/v1/infrastructures/cluster/status";
    const { around, address, requests } = await cluster({ [path]: { status } });
    const found = {
      "k8s.cluster.name": "ocp-7",
      "cloud.provider": "aws",
      "cloud.platform": "aws_openshift",
      "cloud.region": "eu-west-1",
    };
    expect(await detect("openshift", around)).toEqual(found);
    const block = { address, token: "own", tls: { insecure_skip_verify: true } };
    expect(await detect("openshift", around, block)).toEqual(found);
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer t0ken", "Bearer own"]);
  });

  it("eks takes the instance's metadata, the cluster's name from its tags", async () => {
    const imds = await metadataServer({ ...instance, ...tags });
    const { around } = await cluster(objects, { linkLocal: imds.address });
    expect(await detect("eks", around)).toEqual({
      ...ofInstance,
      "cloud.platform": "aws_eks",
      "k8s.cluster.name": "blue",
    });
  });

  it("eks takes what the node's name says where the instance's metadata are out of reach", async () => {
    const { around } = await cluster(objects);
    expect(await detect("eks", around)).toEqual({
      "cloud.provider": "aws",
      "cloud.platform": "aws_eks",
      "cloud.availability_zone": "eu-west-1a",
      "cloud.region": "eu-west-1",
      "host.id": "i-0def",
    });
    const other = await cluster({ "/version": { gitVersion: "v1.30.1" } });
    await expect(detect("eks", other.around)).rejects.toThrow("the cluster is not one of EKS");
  });
});
