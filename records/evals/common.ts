import { z } from "zod";
import { errorBody } from "../../extensions/api/http/error-body.ts";
import { uuid } from "../../extensions/api/http/params.ts";

/** What the routes of evals have in common. */
export const tag = "Evals";
export const failures = { 400: errorBody, 404: errorBody } as const;
export const evalParams = z.object({ eval_id: uuid.describe("Id of the eval.") });
