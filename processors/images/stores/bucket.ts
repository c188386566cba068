import { AwsClient } from "aws4fetch";

/** How a bucket of a service that speaks the S3 protocol is reached. */
export interface BucketConfig {
  readonly bucket: string;
  /** Left out: Amazon's, in the region. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly access_key_id: string;
  readonly secret_access_key: string;
  readonly session_token?: string | undefined;
  readonly force_path_style: boolean;
}

/** Signs requests, and leaves it to others to send them, and to send them again. */
export function bucketClient(config: BucketConfig): AwsClient {
  return new AwsClient({
    accessKeyId: config.access_key_id,
    secretAccessKey: config.secret_access_key,
    ...(config.session_token === undefined ? {} : { sessionToken: config.session_token }),
    service: "s3",
    region: config.region,
    retries: 0,
  });
}

/** Address of an object. */
export function objectUrl({ bucket, endpoint, region, force_path_style }: BucketConfig, key: string): string {
  const base = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`);
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  if (force_path_style) base.pathname += `${bucket}/`;
  else base.hostname = `${bucket}.${base.hostname}`;
  return base.href + key.split("/").map(encodeURIComponent).join("/");
}

/** `s3://<bucket>/<key>`: how an object is named where its bytes are not. */
export function objectName(bucket: string, key: string): string {
  return `s3://${bucket}/${key}`;
}

/** The key in the name of an object; undefined where it is not of this bucket. */
export function keyOfObject(bucket: string, name: string): string | undefined {
  const start = objectName(bucket, "");
  return name.startsWith(start) ? name.slice(start.length) : undefined;
}
