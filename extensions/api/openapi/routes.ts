import { z } from "zod";
import { packageVersion } from "../../../main/version.ts";
import { ApiReply, defineRoute, type Route } from "../http/route.ts";
import { openApiDocument } from "./document.ts";
import { documentationPage, pageHeaders } from "./pages.ts";

/** `routes`, and those that describe them all. The document is made when it is first asked for. */
export function withDocumentation(routes: readonly Route[]): readonly Route[] {
  let document: ReturnType<typeof openApiDocument> | undefined;
  const documented = (): ReturnType<typeof openApiDocument> => {
    document ??= openApiDocument(all, packageVersion());
    return document;
  };
  const shared = { method: "GET", permission: "public", isProbe: true, tag: "Service" } as const;
  const all: readonly Route[] = [
    ...routes,
    defineRoute({
      ...shared,
      path: "/openapi.json",
      summary: "The routes for programs, as an OpenAPI 3.1 document",
      responses: { 200: z.looseObject({ openapi: z.string() }) },
      handle: documented,
    }),
    defineRoute({
      ...shared,
      path: "/docs",
      summary: "The routes for people",
      responses: { 200: z.string().meta({ contentType: "text/html" }) },
      handle: () => new ApiReply(200, Buffer.from(documentationPage(documented())), pageHeaders),
    }),
  ];
  return all;
}
