import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { applyActions, attributeActions } from "../helper/attribute-actions.ts";
import { resourcesAsOwners } from "../helper/attribute-owners.ts";
import type { ResourceConfig } from "./config.ts";

/** Makes what changes the resource attributes of a batch: the work is done per resource, however many spans it has. */
export function resourceChange(config: ResourceConfig): (batch: SpanBatch) => void {
  const actions = attributeActions(config.attributes, config.max_match_length);
  return (batch) => applyActions(actions, resourcesAsOwners(batch), [...batch.resources.keys()], batch.context);
}
