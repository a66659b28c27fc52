/**
 * Who was refused what, noted at the place of the refusal for whoever runs the request: a refusal is an answer, and
 * nothing of it would be left otherwise.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { OrganizationId } from "../auth/principal-ids.ts";

/** A member lacked a permission in the organisation. */
export interface Denial {
  readonly organizationId: OrganizationId;
  readonly permission: string;
}

const current = new AsyncLocalStorage<Denial[]>();

export function noteDenial(denial: Denial): void {
  current.getStore()?.push(denial);
}

/** Runs `work`. @returns its result, beside what was denied until it came, in this order */
export async function collectDenials<R>(
  work: () => R | Promise<R>,
): Promise<{ readonly result: R; readonly denials: readonly Denial[] }> {
  const denials: Denial[] = [];
  const result = await current.run(denials, work);
  return { result, denials };
}
