import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { applyActions, attributeActions } from "../helper/attribute-actions.ts";
import { spansAsOwners } from "../helper/attribute-owners.ts";
import { SpanMatcher, selectRows } from "../helper/span-matcher.ts";
import type { AttributesConfig } from "./config.ts";

/** Makes what changes the span attributes of a batch. */
export function attributesChange(config: AttributesConfig): (batch: SpanBatch) => void {
  const { include, exclude, max_match_length } = config;
  const actions = attributeActions(config.actions, max_match_length);
  const included = include && new SpanMatcher(include, max_match_length);
  const excluded = exclude && new SpanMatcher(exclude, max_match_length);
  return (batch) => {
    applyActions(actions, spansAsOwners(batch), selectRows(batch, included, excluded), batch.context);
  };
}
