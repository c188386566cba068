import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { limitOf, listQueryOf, uuid } from "../../../../extensions/api/http/params.ts";
import { documentedPath, openApiDocument } from "../../../../extensions/api/openapi/document.ts";
import { documentationPage } from "../../../../extensions/api/openapi/pages.ts";
import type { OpenApiDocument } from "../../../../extensions/api/openapi/types.ts";
import { readsSchema } from "../../../../query/config.ts";
import { echoRoute, TestApi } from "../support.ts";

let api: TestApi;
let served: OpenApiDocument;
beforeAll(async () => {
  api = await TestApi.start();
  served = (await (await api.get("/openapi.json")).json()) as OpenApiDocument;
});
afterAll(() => api.extension.shutdown());

async function problemsOf(document: object): Promise<unknown> {
  const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(document)));
  return valid ? [] : errors;
}

describe("/openapi.json", () => {
  test("is an OpenAPI 3.1 document", async () => {
    expect(served.openapi).toBe("3.1.1");
    expect(await problemsOf(served)).toEqual([]);
  });

  test("names every operation once, and every parameter that a path has", () => {
    const operations = Object.entries(served.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, operation })),
    );
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const documented = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
      expect(
        documented.map(({ name }) => name),
        path,
      ).toEqual(expect.arrayContaining(inPath));
    }
  });

  test("refers to nothing that is not there", () => {
    const names = [...JSON.stringify(served).matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g)];
    expect(names.length).toBeGreaterThan(10);
    for (const [, kind, name] of names)
      expect(Object.keys(served.components[kind as "schemas" | "responses"])).toContain(name);
  });

  test("tells of POST /query what it takes", () => {
    const operation = served.paths["/query"]!["post"]!;
    expect(operation.requestBody?.content["application/json"]?.schema).toEqual({
      $ref: "#/components/schemas/QueryRequest",
    });
    expect(Object.keys(operation.responses)).toEqual([...["200", "400", "401", "413", "415", "429", "431", "503"]]);
  });

  test("tells of POST /api-keys/resolve, which needs no key, that it does not know every one", () => {
    const { responses } = served.paths["/api-keys/resolve"]!["post"]!;
    expect(Object.keys(responses)).toEqual(["200", "400", "401", "413", "415", "431", "503"]);
  });

  const list = echoRoute({
    path: "/things/:thing_id/:part+",
    params: z.object({ thing_id: uuid.describe("Id."), part: z.string() }),
    query: listQueryOf(
      { limit: limitOf(500, 50), id: uuid.optional().describe("Id of a thing.") },
      readsSchema.parse({}),
    ),
    responses: {
      200: z.array(z.object({ id: z.string(), at: z.number().default(1) }).meta({ id: "Thing" })),
      409: z.unknown(),
    },
  });
  const create = echoRoute({
    path: "/things",
    method: "POST",
    permission: "write",
    query: undefined as never,
    params: undefined as never,
    body: z.object({ id: z.string(), at: z.number().default(1) }).meta({ id: "Thing" }),
    responses: { 200: z.unknown() },
  });

  test("tells of an answer's other content types, and of an own error where a route has one", () => {
    const own = z.object({ code: z.int() });
    const rows = z.array(z.string()).meta({ otherContentTypes: ["text/csv"] });
    const document = openApiDocument([echoRoute({ path: "/rows/:id", responses: { 200: rows, 400: own } })], "1");
    const { 200: answer, 400: error } = document.paths["/rows/{id}"]!["get"]!.responses;
    expect(answer).toMatchObject({ content: { "application/json": { schema: { type: "array" } }, "text/csv": {} } });
    expect(JSON.stringify(answer)).not.toContain("otherContentTypes");
    expect(error).toMatchObject({ content: { "application/json": { schema: { required: ["code"] } } } });
  });

  test("makes filters of tags a parameter of any name", async () => {
    const document = openApiDocument([list], "1");
    expect(await problemsOf(document)).toEqual([]);
    const { parameters = [] } = document.paths["/things/{thing_id}/{part}"]!["get"]!;
    expect(parameters.find(({ name }) => name === "limit")).toMatchObject({
      in: "query",
      schema: { type: "integer", minimum: 1, maximum: 500, default: 50 },
    });
    expect(parameters.find(({ name }) => name === "id")).toMatchObject({ schema: { type: "string", format: "uuid" } });
    expect(parameters.find(({ name }) => name === "tags")).toMatchObject({ style: "form", explode: true });
    expect(parameters.filter(({ required }) => required).map(({ name }) => name)).toEqual(["thing_id", "part"]);
  });

  test("keeps apart what is taken and what is answered under one name", () => {
    const { schemas } = openApiDocument([list, create], "1").components;
    expect(schemas["Thing"]?.required).toEqual(["id", "at"]);
    expect(schemas["ThingInput"]?.required).toEqual(["id"]);
  });

  test("writes paths as OpenAPI has them", () => {
    expect(documentedPath("/v1/tasks/:task+/tags/:tag::pin/:id")).toBe("/v1/tasks/{task}/tags/{tag}:pin/{id}");
  });
});

describe("/docs", () => {
  test("shows every operation, without scripts and without anything from elsewhere", async () => {
    const response = await api.get("/docs");
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-/);
    const page = await response.text();
    for (const [path, methods] of Object.entries(served.paths)) {
      for (const { operationId } of Object.values(methods)) expect(page).toContain(`id="${operationId}"`);
      expect(page).toContain(path);
    }
    expect(page).not.toMatch(/<script|https?:\/\/(?!127)|\son\w+=|undefined|\[object/i);
    for (const [, name] of page.matchAll(/href="#([^"]+)"/g)) expect(page).toContain(`id="${name}"`);
  });

  test("shows text as text", () => {
    const document = openApiDocument([echoRoute({ path: "/a", summary: "<img src=x onerror=alert(1)>" })], "1");
    expect(documentationPage(document)).toContain("&lt;img src=x onerror=alert(1)&gt;");
  });
});
