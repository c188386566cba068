import { z } from "zod";
import { messageOf, PermanentError } from "../../pipeline/errors.ts";
import type { Detected, Surroundings } from "./detector.ts";

const identity = z.object({
  accountId: z.string(),
  availabilityZone: z.string(),
  imageId: z.string(),
  instanceId: z.string(),
  instanceType: z.string(),
  region: z.string(),
});

/**
 * The metadata service of EC2, version 2: a token first, then what is asked for.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 */
export class Imds {
  readonly #around: Surroundings;
  readonly #endpoint: string;
  #token: Promise<string> | undefined;

  /** @throws {PermanentError} it is switched off by AWS_EC2_METADATA_DISABLED */
  constructor(around: Surroundings) {
    const { env, linkLocal } = around;
    if (env["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") {
      throw new PermanentError("AWS_EC2_METADATA_DISABLED is true");
    }
    const ipv6 = env["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]?.toLowerCase() === "ipv6";
    const standard = ipv6 ? "http://[fd00:ec2::254]" : linkLocal;
    this.#endpoint = (env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] || standard).replace(/\/$/, "");
    this.#around = around;
  }

  /** What the instance says of itself. */
  async instance(): Promise<Detected> {
    const [document, hostname] = await Promise.all([this.#identity(), this.#get("/latest/meta-data/hostname")]);
    return {
      "cloud.account.id": document.accountId,
      "cloud.availability_zone": document.availabilityZone,
      "cloud.region": document.region,
      "host.id": document.instanceId,
      "host.image.id": document.imageId,
      "host.name": hostname,
      "host.type": document.instanceType,
    };
  }

  /**
   * Tags of the instance by key, of those keys that are wanted.
   *
   * @throws {Error} the instance does not let its tags be read from its metadata
   */
  async tags(isWanted: (key: string) => boolean): Promise<ReadonlyMap<string, string>> {
    const path = "/latest/meta-data/tags/instance";
    let keys: string;
    try {
      keys = await this.#get(path);
    } catch (cause) {
      throw new PermanentError(
        `tags cannot be read, the instance must have InstanceMetadataTags enabled: ${messageOf(cause)}`,
        { cause },
      );
    }
    const tags = new Map<string, string>();
    for (const key of keys.split("\n")) {
      // One after another: the service slows down who asks much at once.
      if (key !== "" && isWanted(key)) tags.set(key, await this.#get(`${path}/${encodeURI(key)}`));
    }
    return tags;
  }

  async #identity(): Promise<z.output<typeof identity>> {
    const url = `${this.#endpoint}/latest/dynamic/instance-identity/document`;
    return await this.#around.http.json({ url, headers: await this.#headers() }, identity);
  }

  async #get(path: string): Promise<string> {
    return await this.#around.http.text({ url: `${this.#endpoint}${path}`, headers: await this.#headers() });
  }

  async #headers(): Promise<Record<string, string>> {
    this.#token ??= this.#around.http.text({
      url: `${this.#endpoint}/latest/api/token`,
      method: "PUT",
      headers: { "x-aws-ec2-metadata-token-ttl-seconds": "60" },
    });
    return { "x-aws-ec2-metadata-token": await this.#token };
  }
}
