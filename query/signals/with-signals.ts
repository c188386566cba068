import type { Reader } from "../reader.ts";
import type { SignalEntityType, SignalValues } from "./model.ts";
import { currentSignals, type SignalRow, valuesByEntity } from "./rows.ts";

/** Entities whose signals one statement asks for. */
const entitiesPerStatement = 500;

type WithSignals<Entity> = { readonly [Name in keyof Entity]: Entity[Name] } & { readonly signals: SignalValues };

/** Adds the member `signals` to traces or sessions. @param storedId of an entity, as signals name it */
export async function withSignals<Entity extends { readonly id: string }>(
  reader: Reader,
  project: string,
  type: SignalEntityType,
  entities: readonly Entity[],
  storedId: (id: string) => string,
): Promise<WithSignals<Entity>[]> {
  const found = new Map<string, SignalValues>();
  for (let at = 0; at < entities.length; at += entitiesPerStatement) {
    const ids = entities.slice(at, at + entitiesPerStatement).map(({ id }) => storedId(id));
    const statement = currentSignals({ project, tables: reader.tables }, type, ids);
    const rows = await reader.rows<SignalRow>(statement);
    for (const [id, values] of valuesByEntity(rows)) found.set(id, values);
  }
  return entities.map((entity) => ({ ...entity, signals: found.get(storedId(entity.id)) ?? {} }));
}
