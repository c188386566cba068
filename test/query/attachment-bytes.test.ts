import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiError } from "../../extensions/api/http/errors.ts";
import { AttachmentBytes } from "../../query/attachments/bytes.ts";
import { attachmentsSchema } from "../../query/attachments/config.ts";
import type { AttachmentRow, AttachmentSource } from "../../query/attachments/rows.ts";
import type { Reader } from "../../query/reader.ts";
import { png, sha256 } from "../processors/images/pictures.ts";
import { withGarbageCollected } from "../support/garbage.ts";

const image = png();
const none = new AbortController().signal;

let server: Server;
let answer: RequestListener;
let endpoint: string;

beforeEach(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function rowAt(Url: string, more: Partial<AttachmentRow> = {}): AttachmentRow {
  const said = { Ordinal: 0, Type: "image", MediaType: "image/png", Width: 4, Height: 3 };
  const empty = { Label: "", Viewport: "", Metadata: "" };
  return { AttachmentId: sha256(image), Bytes: image.length, ...said, ...empty, Url, ...more };
}

const inBucket = rowAt("s3://traces/ab/cd.png");

/** Reads from a bucket alone: nothing is ever asked of the store. */
function read(row: AttachmentRow, s3: object = {}, signal = none): Promise<Buffer | undefined> {
  const secrets = { access_key_id: "reader-id", secret_access_key: "reader-secret" };
  const bucket = { bucket: "traces", endpoint, force_path_style: true, ...secrets, ...s3 };
  const config = attachmentsSchema.parse({ s3: bucket });
  return new AttachmentBytes({} as Reader, config).read({} as AttachmentSource, row, signal);
}

/** Status and text of the error. */
async function refusal(reading: Promise<unknown>): Promise<readonly [number, unknown]> {
  const error: unknown = await reading.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ApiError)) throw error ?? new Error("was read");
  return [error.status, error.detail];
}

const unreachable = [502, "the place of the attachment cannot be reached; the log of the server says more"];

describe("an attachment in a bucket", () => {
  it("is asked for with a signature of the reader's own key, for the region, with a session token", async () => {
    let asked: unknown;
    answer = ({ method, url, headers }, response) => {
      asked = { method, url, authorization: headers.authorization, token: headers["x-amz-security-token"] };
      response.end(image);
    };
    expect(await read(inBucket, { region: "eu-west-9", session_token: "token" })).toEqual(image);
    expect(asked).toEqual({
      ...{ method: "GET", url: "/traces/ab/cd.png", token: "token" },
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=reader-id\/\d{8}\/eu-west-9\/s3\/aws4_request, /,
      ),
    });
  });

  it("is of no other bucket than the configured one", async () => {
    answer = (_request, response) => response.end(image);
    const unknown = [501, "attachments.s3 is not configured for the bucket of the attachment"];
    expect(await refusal(read(inBucket, { bucket: "trace" }))).toEqual(unknown);
    expect(await refusal(read(inBucket, { bucket: "others" }))).toEqual(unknown);
    const config = attachmentsSchema.parse({});
    const bytes = new AttachmentBytes({} as Reader, config);
    expect(await refusal(bytes.read({} as AttachmentSource, inBucket, none))).toEqual(unknown);
  });

  it("is not there where the bucket does not have it, and 502 where it does not give it", async () => {
    answer = (_request, response) => response.writeHead(404).end("<Error/>");
    expect(await read(inBucket)).toBeUndefined();
    answer = (_request, response) => response.writeHead(403).end("<Error/>");
    expect(await refusal(read(inBucket))).toEqual([502, "the bucket of the attachment answered 403"]);
  });

  it("is not followed to where the bucket sends it", async () => {
    const paths: (string | undefined)[] = [];
    answer = ({ url }, response) => {
      paths.push(url);
      response.writeHead(301, { location: "/elsewhere" }).end();
    };
    expect(await refusal(read(inBucket))).toEqual(unreachable);
    expect(paths).toEqual(["/traces/ab/cd.png"]);
  });

  it("is given up where the bucket is away or silent, without a word of where it is", async () => {
    const away = { endpoint: "http://127.0.0.1:1" };
    expect(await refusal(read(inBucket, away))).toEqual(unreachable);
    answer = () => undefined;
    expect(await withGarbageCollected(refusal(read(inBucket, { timeout: "50ms" })))).toEqual(unreachable);
    expect(await refusal(read(inBucket, { timeout: "0s" }, AbortSignal.abort()))).toEqual(unreachable);
  });

  it("is not read past the bytes that it has, however long the answer is", async () => {
    let isOver: () => void;
    const over = new Promise<void>((resolve) => (isOver = resolve));
    answer = (_request, response) => {
      response.on("close", () => isOver());
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    };
    expect(await refusal(read(inBucket))).toEqual([502, "what is stored is not the attachment"]);
    await over;
  });

  it("is not asked for when it is larger than max_bytes", async () => {
    answer = () => expect.unreachable();
    const huge = rowAt(inBucket.Url, { Bytes: 65 * 1024 * 1024 });
    expect(await refusal(read(huge))).toEqual([502, "the attachment is larger than max_bytes"]);
  });
});

describe("an attachment", () => {
  it.each(["http://127.0.0.1/a", "https://traces.example.com/a", "ftp://a", "../../etc/passwd"])(
    "at %s is in no place that is known",
    async (url) => {
      expect(await refusal(read(rowAt(url)))).toEqual([502, "the attachment is stored in a place that is not known"]);
    },
  );

  it("in a folder is not read where no folder is configured", async () => {
    expect(await refusal(read(rowAt("file:///etc/hostname")))).toEqual([
      501,
      "attachments.directory is not configured",
    ]);
  });
});
