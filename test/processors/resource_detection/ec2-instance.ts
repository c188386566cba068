/** What the metadata service of an instance of EC2 answers, and what is made of it. */
const identity = {
  accountId: "123456789012",
  availabilityZone: "eu-west-1a",
  imageId: "ami-1",
  instanceId: "i-0abc",
  instanceType: "m5.large",
  region: "eu-west-1",
};
export const instance = {
  "PUT /latest/api/token": "t0ken",
  "/latest/dynamic/instance-identity/document": identity,
  "/latest/meta-data/hostname": "ip-10-0-0-7.ec2.internal\n",
};
export const ofInstance = {
  "cloud.provider": "aws",
  "cloud.account.id": "123456789012",
  "cloud.availability_zone": "eu-west-1a",
  "cloud.region": "eu-west-1",
  "host.id": "i-0abc",
  "host.image.id": "ami-1",
  "host.name": "ip-10-0-0-7.ec2.internal",
  "host.type": "m5.large",
};
export const tags = {
  "/latest/meta-data/tags/instance": "Name\nteam\naws:eks:cluster-name",
  "/latest/meta-data/tags/instance/Name": "web",
  "/latest/meta-data/tags/instance/team": "shop",
  "/latest/meta-data/tags/instance/aws:eks:cluster-name": "blue",
};
