import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Surroundings } from "../../../processors/resource_detection/detector.ts";
import { detectors } from "../../../processors/resource_detection/detectors.ts";
import { detect, metadataServer, surroundings } from "./support.ts";

describe("detector env", () => {
  const read = (OTEL_RESOURCE_ATTRIBUTES: string, block = {}) =>
    detect("env", surroundings({ env: { OTEL_RESOURCE_ATTRIBUTES } }), block);

  it("reads keys and values, percent-encoded, with spaces around them", async () => {
    expect(await read(" service.name=shop , team=a%2Cb%3D%C3%BC,version=1.0+build=7,")).toEqual({
      "service.name": "shop",
      team: "a,b=ü",
      version: "1.0+build=7",
    });
    expect(await read("")).toEqual({});
  });

  it("takes only what allowlist names", async () => {
    expect(await read("a=1,b=2", { allowlist: ["b"] })).toEqual({ b: "2" });
  });

  it("names the key at fault and shows no value", async () => {
    await expect(read("a=1,s3cret")).rejects.toThrow(/^OTEL_RESOURCE_ATTRIBUTES has an entry that is not key=value$/);
    await expect(read("a=%zzs3cret")).rejects.toThrow(
      /^OTEL_RESOURCE_ATTRIBUTES: a has a value with broken percent-encoding$/,
    );
  });
});

describe("detector system", () => {
  const hosts = { "/etc/hosts": "127.0.0.1 localhost\n10.0.0.7\tweb-1.example.com web-1 # own\n" };
  const nameBy = async (sources: string[], around: Surroundings) =>
    (await detect("system", around, { hostname_sources: sources }))["host.name"];
  const dns = (answers: Partial<Record<"lookup" | "reverse" | "resolveCname", unknown>>): Surroundings["dns"] => {
    const known = Object.entries(answers).map(([name, answer]) => [name, async () => answer]);
    return { ...surroundings().dns, ...Object.fromEntries(known) } as Surroundings["dns"];
  };

  it("knows the host's name by each of its sources", async () => {
    expect(await nameBy(["os"], surroundings({}, hosts))).toBe("web-1");
    expect(await nameBy(["dns"], surroundings({}, hosts))).toBe("web-1.example.com");
    const canonical = surroundings({ dns: dns({ resolveCname: ["web.example.org."] }) });
    expect(await nameBy(["cname"], canonical)).toBe("web.example.org");
    expect(await nameBy(["dns"], canonical)).toBe("web.example.org");
    const reverse = surroundings({ dns: dns({ lookup: [{ address: "10.0.0.7" }], reverse: ["seven.example.org"] }) });
    expect(await nameBy(["lookup"], reverse)).toBe("seven.example.org");
    expect(await nameBy(["dns"], reverse)).toBe("seven.example.org");
  });

  it("asks the sources in order, dns and then os by default, and says what each of them lacks", async () => {
    expect(await nameBy([], surroundings())).toBe("web-1");
    expect((await detect("system", surroundings()))["host.name"]).toBe("web-1");
    await expect(nameBy(["cname", "lookup"], surroundings())).rejects.toThrow(
      "no hostname_sources knows the name of the host (cname: queryA ENOTFOUND web-1; lookup: queryA ENOTFOUND web-1)",
    );
  });

  it("describes the operating system and the first processor as Linux does", async () => {
    const files = {
      "/etc/os-release": 'NAME="Ubuntu"\nVERSION_ID="22.04"\nPRETTY_NAME="Ubuntu 22.04.3 LTS"\n',
      "/proc/cpuinfo": `processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85
model name\t: Intel(R) Xeon(R)\nstepping\t: 7\ncache size\t: 36608 KB\n\nprocessor\t: 1\nmodel\t\t: 99\n`,
    };
    const found = await detect("system", surroundings({}, files), { hostname_sources: ["os"] });
    expect(found).toMatchObject({
      "os.type": process.platform,
      "os.name": "Ubuntu",
      "os.version": "22.04",
      "host.cpu.vendor.id": "GenuineIntel",
      "host.cpu.family": "6",
      "host.cpu.model.id": "85",
      "host.cpu.model.name": "Intel(R) Xeon(R)",
      "host.cpu.stepping": "7",
      "host.cpu.cache.l2.size": 36_608,
    });
    expect(found["os.description"]).toMatch(/^Ubuntu 22\.04\.3 LTS \(\w+ web-1 /);
  });

  it("lists addresses without loopback, hardware addresses in the form of IEEE", async () => {
    const address = { netmask: "", family: "IPv4" as const, cidr: null };
    const around = surroundings();
    const networkInterfaces = () => ({
      lo: [{ ...address, address: "127.0.0.1", mac: "00:00:00:00:00:00", internal: true }],
      eth0: ["10.0.0.7", "10.0.0.8"].map((ip) => ({
        ...address,
        address: ip,
        mac: "aa:bb:cc:0d:ee:0f",
        internal: false,
      })),
    });
    const found = await detect("system", { ...around, os: { ...around.os, networkInterfaces } });
    expect(found).toMatchObject({
      "host.interface": ["eth0"],
      "host.ip": ["10.0.0.7", "10.0.0.8"],
      "host.mac": ["AA-BB-CC-0D-EE-0F"],
    });
  });
});

describe("detector docker", () => {
  it("asks the daemon's socket for the host, and for the own container", async () => {
    const folder = await mkdtemp(join(tmpdir(), "signalbox-docker-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, "docker.sock");
    const answers = {
      "/info": { Name: "node-a", OSType: "linux" },
      "/containers/web-1/json": { Name: "/collector", Config: { Image: "signalbox:1" } },
    };
    await metadataServer(answers, { path });
    expect(await detect("docker", surroundings({ env: { DOCKER_HOST: `unix://${path}` } }))).toEqual({
      "host.name": "node-a",
      "os.type": "linux",
      "container.name": "collector",
      "container.image.name": "signalbox:1",
    });
  });

  it("asks over TCP where DOCKER_HOST says so, and names the socket that is not there", async () => {
    const { address } = await metadataServer({
      "/info": { Name: "n", OSType: "linux" },
      "/containers/web-1/json": 404,
    });
    const env = { DOCKER_HOST: address.replace("http:", "tcp:") };
    await expect(detect("docker", surroundings({ env }))).rejects.toThrow(
      /containers\/web-1\/json answers with status 404/,
    );
    await expect(detect("docker", surroundings({ env: { DOCKER_HOST: "unix:///nowhere.sock" } }))).rejects.toThrow(
      "GET /info of /nowhere.sock does not answer",
    );
  });
});

const identity = {
  accountId: "123456789012",
  availabilityZone: "eu-west-1a",
  imageId: "ami-1",
  instanceId: "i-0abc",
  instanceType: "m5.large",
  region: "eu-west-1",
};
const instance = {
  "PUT /latest/api/token": "t0ken",
  "/latest/dynamic/instance-identity/document": identity,
  "/latest/meta-data/hostname": "ip-10-0-0-7.ec2.internal\n",
};
const ofInstance = {
  "cloud.provider": "aws",
  "cloud.account.id": "123456789012",
  "cloud.availability_zone": "eu-west-1a",
  "cloud.region": "eu-west-1",
  "host.id": "i-0abc",
  "host.image.id": "ami-1",
  "host.name": "ip-10-0-0-7.ec2.internal",
  "host.type": "m5.large",
};
const tags = {
  "/latest/meta-data/tags/instance": "Name\nteam\naws:eks:cluster-name",
  "/latest/meta-data/tags/instance/Name": "web",
  "/latest/meta-data/tags/instance/team": "shop",
  "/latest/meta-data/tags/instance/aws:eks:cluster-name": "blue",
};

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

describe("detector ecs", () => {
  it("describes the task, and where its other containers log to", async () => {
    const log = { "awslogs-group": "/ecs/shop", "awslogs-region": "us-east-2", "awslogs-stream": "app/1" };
    const container = {
      DockerId: "app",
      Type: "NORMAL",
      KnownStatus: "RUNNING",
      LogDriver: "awslogs",
      LogOptions: log,
    };
    const { address } = await metadataServer({
      "/v4/abc": { ...container, DockerId: "own" },
      "/v4/abc/task": {
        Cluster: "default",
        TaskARN: "arn:aws:ecs:us-east-2:123456789012:task/default/158d1c8083dd49d6b527399fd6414f5c",
        Family: "shop",
        Revision: "26",
        AvailabilityZone: "us-east-2b",
        LaunchType: "FARGATE",
        Containers: [{ ...container, DockerId: "own" }, container, { ...container, KnownStatus: "STOPPED" }],
      },
    });
    const env = { ECS_CONTAINER_METADATA_URI_V4: `${address}/v4/abc` };
    const group = "arn:aws:logs:us-east-2:123456789012:log-group:/ecs/shop";
    expect(await detect("ecs", surroundings({ env }))).toEqual({
      "cloud.provider": "aws",
      "cloud.platform": "aws_ecs",
      "cloud.account.id": "123456789012",
      "cloud.availability_zone": "us-east-2b",
      "cloud.region": "us-east-2",
      "aws.ecs.cluster.arn": "arn:aws:ecs:us-east-2:123456789012:cluster/default",
      "aws.ecs.launchtype": "fargate",
      "aws.ecs.task.arn": "arn:aws:ecs:us-east-2:123456789012:task/default/158d1c8083dd49d6b527399fd6414f5c",
      "aws.ecs.task.family": "shop",
      "aws.ecs.task.id": "158d1c8083dd49d6b527399fd6414f5c",
      "aws.ecs.task.revision": "26",
      "aws.log.group.names": ["/ecs/shop"],
      "aws.log.group.arns": [group],
      "aws.log.stream.names": ["app/1"],
      "aws.log.stream.arns": [`${group}:log-stream:app/1`],
    });
  });
});

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

describe("detectors that ask the API of Kubernetes", () => {
  const folder = "/var/run/secrets/kubernetes.io/serviceaccount";
  const pem = (name: string) => readFile(new URL(`../../testdata/tls/${name}`, import.meta.url), "utf8");
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

describe("every detector", () => {
  const others = detectors.map(({ name }) => name).filter((name) => name !== "env" && name !== "system");

  it.each(others)("%s says that nothing of its kind is here", async (name) => {
    const around = surroundings({ env: { DOCKER_HOST: "unix:///nowhere.sock", CONSUL_HTTP_ADDR: "127.0.0.1:1" } });
    await expect(detect(name, around)).rejects.toMatchObject({ name: "PermanentError" });
  });
});
