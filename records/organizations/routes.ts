import { z } from "zod";
import type { Caller } from "../../extensions/api/auth/caller.ts";
import { errorBody } from "../../extensions/api/http/error-body.ts";
import { notFound } from "../../extensions/api/http/errors.ts";
import { uuid } from "../../extensions/api/http/params.ts";
import { defineRoute, type Route } from "../../extensions/api/http/route.ts";

const tag = "Organizations";

const organization = z
  .object({
    id: z.guid().describe("Id of the workspace."),
    name: z.string().describe("The id: workspaces have no other name."),
    slug: z.string().describe("The id."),
  })
  .meta({ id: "Organization" });

const project = z
  .object({
    id: z.guid().describe("Id of the project."),
    name: z.string().describe("Its name."),
    organization_id: z.guid().describe("Id of the workspace."),
    workspace_id: z.guid().describe("The same."),
  })
  .meta({ id: "Project" });

/** Routes by which SDKs ask what their key is for. */
export const organizationRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/organizations/my",
    permission: "read",
    tag,
    summary: "The workspace of the key",
    responses: { 200: z.array(organization) },
    handle: ({ caller }) => [organizationOf(caller)],
  }),
  defineRoute({
    method: "GET",
    path: "/organizations/:organization_id/projects",
    permission: "read",
    tag,
    summary: "The project of the key",
    params: z.object({ organization_id: uuid.describe("Id of the workspace.") }),
    responses: { 200: z.array(project), 400: errorBody, 404: errorBody },
    handle: ({ caller, params }) => {
      if (params.organization_id !== caller.workspaceId) throw notFound("organization");
      return [projectOf(caller)];
    },
  }),
];

function organizationOf({ workspaceId: id }: Caller): z.output<typeof organization> {
  return { id, name: id, slug: id };
}

function projectOf({ projectId, projectName, workspaceId }: Caller): z.output<typeof project> {
  return { id: projectId, name: projectName, organization_id: workspaceId, workspace_id: workspaceId };
}
