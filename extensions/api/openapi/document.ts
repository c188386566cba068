import type { z } from "zod";
import { errorBody } from "../http/error-body.ts";
import type { Route } from "../http/route.ts";
import { SchemaComponents } from "./components.ts";
import type { Answer, Content, JsonSchema, OpenApiDocument, Operation, Parameter } from "./types.ts";

const about =
  `One base URL for what SDKs write and what people and programs read. Every path is also served below /api/v1, with
and without a slash at its end. Errors have the body {"detail": ...}. Without any key on the server, callers on its own machine need
none.`.replaceAll("\n", " ");

/** The OpenAPI document of `routes`. @param version of the program */
export function openApiDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const components = new SchemaComponents();
  const error = components.of(errorBody, "output");
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    const path = documentedPath(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, components) };
  }
  const sorted = Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    openapi: "3.1.1",
    info: { title: "Signalbox", version, description: about },
    servers: [{ url: "/", description: "This server" }],
    tags: [...new Set(routes.map(({ tag }) => tag))].sort().map((name) => ({ name })),
    security: [{ apiKey: [] }],
    paths: Object.fromEntries(sorted),
    components: {
      schemas: components.all,
      responses: Object.fromEntries(
        Object.entries(commonAnswers).map(([name, description]) => [name, { description, content: jsonOf(error) }]),
      ),
      securitySchemes: { apiKey: { type: "http", scheme: "bearer", description: "Authorization: Bearer <api key>" } },
    },
  };
}

/** `/tasks/:task+/tags/:tag::pin` as `/tasks/{task}/tags/{tag}:pin`. */
export function documentedPath(path: string): string {
  return path.replaceAll(/(?<=\/):([a-z_]+)(?:\+|:(:[a-z]+))?/g, "{$1}$2");
}

const commonAnswers = {
  BadRequest: "The request is wrong; every problem is named with its place.",
  Unauthorized: "The api key is missing, unknown or revoked.",
  Forbidden: "The api key may not do this.",
  NotFound: "There is no such thing in the key's project.",
  TooLarge: "The body is larger than max_request_body_size.",
  UnknownEncoding: "The content-encoding of the body is not known.",
  HeadersTooLarge: "The path and the headers are larger than max_header_size.",
  Unavailable: "The store cannot be reached or is overloaded; Retry-After says when to ask again.",
} as const;

function operationOf(route: Route, components: SchemaComponents): Operation {
  const { method, path, summary, description, tag, permission } = route;
  const parameters = [
    ...parametersOf(route.params, "path", components),
    ...parametersOf(route.query, "query", components),
  ];
  const body = bodyOf(route, components);
  return {
    operationId: `${method.toLowerCase()}${path.replaceAll(/[^A-Za-z0-9]+/g, "_").replace(/_$/, "")}`,
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [tag],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: body } }),
    responses: answersOf(route, components),
    ...(permission === "public" ? { security: [] } : {}),
  };
}

/** What the member `tags` of a list's query stands for: parameters of any name. */
const anyParameter = {
  style: "form",
  explode: true,
  schema: { type: "object", additionalProperties: { type: "string" } },
} as const;

function parametersOf(
  schema: z.ZodType | undefined,
  place: "path" | "query",
  components: SchemaComponents,
): readonly Parameter[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = components.of(schema, "input");
  return Object.entries(properties).map(([name, { description, ...json }]): Parameter => {
    const described = description === undefined ? {} : { description };
    if (json["x-tag-filters"] === true) return { name, in: place, ...described, ...anyParameter };
    const isRequired = place === "path" || (required.includes(name) && !("default" in json));
    return { name, in: place, ...(isRequired ? { required: true } : {}), ...described, schema: json };
  });
}

function bodyOf({ body, accepts }: Route, components: SchemaComponents): Content | undefined {
  if (body === undefined) return undefined;
  if (body !== "raw") return jsonOf(components.of(body, "input"));
  return accepts === undefined ? { "*/*": { schema: {} } } : contentOf(accepts, "input", components);
}

function answersOf(route: Route, components: SchemaComponents): Operation["responses"] {
  const own = Object.entries(route.responses).map(
    ([status, schema]) => [status, answerOf(schema, components)] as const,
  );
  const takes = route.params !== undefined || route.query !== undefined || route.body !== undefined;
  const common: Record<string, keyof typeof commonAnswers> = {
    ...(takes ? { 400: "BadRequest" } : {}),
    ...(route.permission === "public" ? {} : { 401: "Unauthorized", 503: "Unavailable" }),
    ...(route.permission === "write" ? { 403: "Forbidden" } : {}),
    ...(takes ? { 431: "HeadersTooLarge" } : {}),
    ...(route.params === undefined ? {} : { 404: "NotFound" }),
    ...(route.body === undefined ? {} : { 413: "TooLarge", 415: "UnknownEncoding" }),
  };
  const shared = Object.entries(common).map(
    ([status, name]) => [status, { $ref: `#/components/responses/${name}` }] as const,
  );
  const isCommon = (status: string): boolean => status in common && route.responses[Number(status)] === errorBody;
  return Object.fromEntries([...shared, ...own.filter(([status]) => !isCommon(status))]);
}

function answerOf(schema: z.ZodType, components: SchemaComponents): Answer {
  return { description: schema.description ?? "The answer.", content: contentOf(schema, "output", components) };
}

/**
 * JSON, unless the schema says another content type (`.meta({ contentType })`), and whatever else it says that there is
 * (`.meta({ otherContentTypes })`).
 */
function contentOf(schema: z.ZodType, io: "input" | "output", components: SchemaComponents): Content {
  const type = schema.meta()?.["contentType"];
  const others = (schema.meta()?.["otherContentTypes"] ?? []) as readonly string[];
  const { contentType: _, otherContentTypes: __, ...json } = components.of(schema, io);
  const first = typeof type === "string" ? { [type]: { schema: json } } : jsonOf(json);
  return { ...first, ...Object.fromEntries(others.map((other) => [other, { schema: {} }])) };
}

function jsonOf(schema: JsonSchema): Content {
  return { "application/json": { schema } };
}
