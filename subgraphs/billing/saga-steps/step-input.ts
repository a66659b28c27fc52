/** Names of what a saga's steps of billing work with. */
export const PLAN_CODE = "planCode";
export const SEALED_TOKEN = "sealedToken";
/** Whom the token is sealed for. */
export const FOUNDER_ID = "founderId";

/** @throws Error when the saga brings none: it asks for a step that it has no input of */
export function requireInput(input: Readonly<Record<string, string>>, name: string): string {
  const value = input[name];
  if (value === undefined) throw new Error(`the saga brings no ${name}`);
  return value;
}
