/** Where the text of a client's id becomes an id. */
import type DataLoader from "dataloader";
import { AppError } from "../errors/app-error.ts";
import type { Id, IdKind } from "../ids.ts";

/** @returns null for text that is no id of this kind, like for an id that does not exist */
export async function loadById<Prefix extends string, Entity>(
  kind: IdKind<Prefix>,
  text: string,
  loader: Pick<DataLoader<Id<NoInfer<Prefix>>, Entity | null>, "load">,
): Promise<Entity | null> {
  const id = kind.from(text);
  return id === undefined ? null : loader.load(id);
}

/**
 * An entity that a non-null field points to: it is only missing when it was removed between two reads of one request,
 * or when the viewer may not read it.
 * @param noun as in "This note is not there (any more)."
 * @throws AppError `NOT_FOUND`
 */
export function required<Entity>(entity: Entity | null, noun: string): Entity {
  if (entity === null) throw new AppError("NOT_FOUND", `This ${noun} is not there (any more).`);
  return entity;
}
