import type { ClientContext } from "../../pipeline/batch.ts";
import type { AttributeActionConfig } from "./attribute-action-config.ts";
import type { AttributeOwners } from "./attribute-owners.ts";
import { convertAction } from "./convert-action.ts";
import { extractAction } from "./extract-action.ts";
import { deleteAction, hashAction } from "./selecting-actions.ts";
import { setAction } from "./set-action.ts";

/** Acts on one owner. */
export type AttributeStep = (owner: number) => void;

/** An action as made at start. */
export interface AttributeAction {
  /** Keys of attributes it may add. */
  readonly adds: readonly string[];
  /**
   * Looks up keys and writes values, once for all owners of a batch. The keys that any action adds are in the dictionary
   * by then.
   *
   * @returns what to do with each owner, or undefined when there is nothing to do in this batch
   */
  prepare(owners: AttributeOwners, context: ClientContext | undefined): AttributeStep | undefined;
}

/** Makes actions of their configuration; `maxMatchLength` bounds the texts that patterns look at. */
export function attributeActions(configs: readonly AttributeActionConfig[], maxMatchLength: number): AttributeAction[] {
  return configs.map((config) => attributeAction(config, maxMatchLength));
}

function attributeAction(config: AttributeActionConfig, maxMatchLength: number): AttributeAction {
  switch (config.action) {
    case "insert":
    case "update":
    case "upsert":
      return setAction(config);
    case "delete":
      return deleteAction(config, maxMatchLength);
    case "hash":
      return hashAction(config, maxMatchLength);
    case "extract":
      return extractAction(config.key, config.pattern, maxMatchLength);
    case "convert":
      return convertAction(config.key, config.converted_type);
  }
}

/**
 * Does all actions, in order, to each of the owners. Owner by owner, so that an owner's entries are moved to the end of
 * the table once, whatever number of attributes it gets.
 */
export function applyActions(
  actions: readonly AttributeAction[],
  owners: AttributeOwners,
  selected: ArrayLike<number>,
  context: ClientContext | undefined,
): void {
  if (selected.length === 0) return;
  for (const action of actions) for (const key of action.adds) owners.table.keys.internText(key);
  const steps = actions.flatMap((action) => action.prepare(owners, context) ?? []);
  for (let i = 0; i < selected.length; i++) for (const step of steps) step(selected[i]!);
}
