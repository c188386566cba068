import type { Items } from "../../otlp/change-items.ts";
import { applyActions, attributeActions } from "../helper/attribute-actions.ts";
import { spansAsOwners } from "../helper/attribute-owners.ts";
import { ItemMatcher, selectRows } from "../helper/item-matcher.ts";
import type { AttributesConfig } from "./config.ts";

/** Makes what changes the attributes of a batch's rows, and returns the rows it was for. */
export function attributesChange(config: AttributesConfig): (items: Items) => Uint32Array {
  const { include, exclude, max_match_length } = config;
  const actions = attributeActions(config.actions, max_match_length);
  const included = include && new ItemMatcher(include, max_match_length);
  const excluded = exclude && new ItemMatcher(exclude, max_match_length);
  return (items) => {
    const rows = selectRows(items, included, excluded);
    applyActions(actions, spansAsOwners(items.batch), rows, items.batch.context);
    return rows;
  };
}
