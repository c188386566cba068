import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import type { ApiConfig } from "../../extensions/api/config.ts";
import { errorBody } from "../../extensions/api/http/error-body.ts";
import { ApiError, notFound } from "../../extensions/api/http/errors.ts";
import { uuid } from "../../extensions/api/http/params.ts";
import { ApiReply, defineRoute, type Route } from "../../extensions/api/http/route.ts";
import type { Services } from "../../extensions/api/routes.ts";
import { storedProjectId, storedSpanId } from "../../pipeline/ids.ts";
import { sniff } from "../../processors/images/media/sniff.ts";
import type { Reader } from "../reader.ts";
import { findSpan } from "../spans/read.ts";
import { AttachmentBytes } from "./bytes.ts";
import { type AttachmentRow, attachmentOf, attachmentOfSpan, attachmentRead, attachmentsOfSpan } from "./rows.ts";
import { type AttachmentRef, SignedUrls } from "./signed-urls.ts";

const listBody = z.object({ attachments: z.array(attachmentRead), count: z.int() }).meta({ id: "AttachmentList" });

const hex = (digits: string) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));

export function attachmentRoutes({ reader, config }: Pick<Services, "reader" | "config">): readonly Route[] {
  const urls = new SignedUrls(config.attachments.url_secret, config.attachments.url_expiry);
  const bytes = new AttachmentBytes(reader, config.attachments);
  return [
    defineRoute({
      method: "GET",
      path: "/spans/:span_id/attachments",
      permission: "read",
      tag: "Spans",
      summary: "Images and other media of a span",
      description: "Each with a URL that needs no key and expires.",
      params: z.object({ span_id: uuid.describe("Id of the span.") }),
      responses: { 200: listBody, 400: errorBody, 404: errorBody },
      handle: async ({ params, caller, headers, signal }) => {
        const project = storedProjectId(caller.projectId);
        const found = await findSpan(reader, project, storedSpanId(params.span_id), signal);
        if (found === undefined) throw notFound("span");
        const { traceId, spanId } = found.id;
        const rows = await rowsOf(reader, project, traceId, spanId, signal);
        const base = baseUrl(config, headers);
        const now = Date.now();
        const attachments = rows.map((row) => {
          const ref = { project: caller.projectId, traceId, spanId, attachmentId: row.AttachmentId };
          return attachmentOf(row, base + urls.pathOf(ref, now));
        });
        return { attachments, count: attachments.length };
      },
    }),
    defineRoute({
      method: "GET",
      path: "/attachments/:project/:trace_id/:span_id/:attachment_id",
      permission: "public",
      tag: "Spans",
      summary: "The bytes of an attachment",
      description: "The address comes from the list of a span's attachments; its signature stands for a key.",
      params: z.object({
        project: z.guid().lowercase().describe("As in the list."),
        trace_id: hex("32").describe("As in the list."),
        span_id: hex("16,32").describe("As in the list."),
        attachment_id: hex("64").describe("As in the list."),
      }),
      query: z.object({
        expires: z
          .string()
          .regex(/^\d{1,12}$/)
          .transform(Number)
          .describe("Until when the address is good, in seconds since the epoch."),
        signature: hex("64").describe("Of the address."),
      }),
      responses: { 200: z.unknown(), 304: z.unknown(), 400: errorBody, 403: errorBody, 404: errorBody },
      handle: ({ params, query, headers, signal }) => {
        const { project, trace_id: traceId, span_id: spanId, attachment_id: attachmentId } = params;
        const ref = { project, traceId, spanId, attachmentId };
        const seconds = urls.secondsLeft(ref, query.expires, query.signature, Date.now());
        if (seconds === undefined)
          throw new ApiError(403, "the address of the attachment is not valid, or has expired");
        return answerBytes({ reader, bytes }, ref, { seconds, headers, signal });
      },
    }),
  ];
}

function rowsOf(reader: Reader, project: string, traceId: string, spanId: string, signal: AbortSignal) {
  const statement = attachmentsOfSpan({ project, tables: reader.tables }, traceId, spanId);
  return reader.rows<AttachmentRow>(statement, { signal });
}

interface BytesRequest {
  readonly seconds: number;
  readonly headers: IncomingHttpHeaders;
  readonly signal: AbortSignal;
}

async function answerBytes(
  { reader, bytes }: { readonly reader: Reader; readonly bytes: AttachmentBytes },
  ref: AttachmentRef,
  { seconds, headers, signal }: BytesRequest,
): Promise<ApiReply> {
  const source = { project: storedProjectId(ref.project), tables: reader.tables };
  const statement = attachmentOfSpan(source, ref.traceId, ref.spanId, ref.attachmentId);
  const [row] = await reader.rows<AttachmentRow>(statement, { signal });
  if (row === undefined) throw notFound("attachment");
  const etag = `"${ref.attachmentId}"`;
  const shared = { etag, "cache-control": `private, max-age=${seconds}, immutable` };
  if (headers["if-none-match"] === etag) return new ApiReply(304, Buffer.alloc(0), { ...shared, ...inertHeaders });
  const content = await bytes.read(source, row, signal);
  if (content === undefined) throw notFound("attachment");
  const media = sniff(content);
  const disposition = media?.kind === "image" ? "inline" : "attachment";
  return new ApiReply(200, content, {
    ...shared,
    ...inertHeaders,
    "content-type": media?.type ?? "application/octet-stream",
    "content-disposition": `${disposition}; filename="${ref.attachmentId.slice(0, 16)}.${media?.extension ?? "bin"}"`,
  });
}

/** Whatever the bytes are, a browser shows them and does nothing else with them. */
const inertHeaders = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; sandbox",
  "cross-origin-resource-policy": "cross-origin",
  "referrer-policy": "no-referrer",
} as const;

const hostPattern = /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** What stands before the path in URLs; nothing where the request does not say under which name it came. */
function baseUrl({ attachments, tls }: ApiConfig, { host }: IncomingHttpHeaders): string {
  if (attachments.base_url !== undefined) return attachments.base_url.replace(/\/+$/, "");
  if (host === undefined || !hostPattern.test(host)) return "";
  return `${tls === undefined ? "http" : "https"}://${host}`;
}
