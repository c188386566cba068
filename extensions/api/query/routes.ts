import { z } from "zod";
import { errorBody } from "../http/error-body.ts";
import { queryOf } from "../http/params.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { QueryRunner } from "./run.ts";

const format = z
  .string()
  .regex(/^[A-Za-z0-9]{1,40}$/, "must be the name of a format of ClickHouse, such as JSON or Parquet");

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const queryBody = z
  .object({
    query: z.string().min(1).describe("One SELECT in ClickHouse's SQL, over the tables of the store by their names."),
    params: z
      .record(z.string().regex(/^[A-Za-z_]\w{0,63}$/, "must be a name"), z.union([scalar, z.array(scalar)]))
      .default({})
      .describe("Values for {name: Type} in the query."),
    format: format
      .optional()
      .describe("Format of the answer where the query has no FORMAT; as ?format= says otherwise."),
  })
  .meta({ id: "QueryRequest" });

/** `POST /query`. */
export function queryRoutes(runner: QueryRunner): readonly Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/query",
      permission: "read",
      tag: "Query",
      summary: "Answers SQL over the project's own rows",
      description:
        "Runs one SELECT and streams its rows. Every table holds the rows of the key's project alone, whatever the query does. Time, memory, rows and bytes are bounded by the configuration; past a bound the answer is 400, or breaks off where it has begun. The query can set nothing, write nothing and reach nothing outside the tables.",
      query: queryOf({
        format: format
          .default("JSON")
          .describe("Format of the answer, such as JSON, JSONEachRow, CSVWithNames or Parquet."),
      }),
      body: queryBody,
      responses: {
        200: z
          .unknown()
          .describe("The rows, in the format that was asked for; its content type says which.")
          .meta({ contentType: "*/*" }),
        429: errorBody,
      },
      handle: ({ query, body, caller, signal }) =>
        runner.run({
          query: body.query,
          params: body.params,
          format: body.format ?? query.format,
          projectId: caller.projectId,
          signal,
        }),
    }),
  ];
}
