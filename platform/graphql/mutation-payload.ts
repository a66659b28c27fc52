/**
 * Turns a command's outcome into a mutation payload: expected failures become `userErrors`, everything else goes on as
 * an error.
 */
import { type UserError, UserFailure } from "../errors/user-failure.ts";

/**
 * @param empty the payload's own fields as they are when the mutation is refused (null, or false); a function where
 * the refusal says more
 * @param work returns the payload's own fields
 */
export async function mutationPayload<Fields extends object>(
  empty: Fields | ((failure: UserFailure) => Fields),
  work: () => Promise<Fields>,
): Promise<Fields & { userErrors: UserError[] }> {
  try {
    return { ...(await work()), userErrors: [] };
  } catch (error) {
    if (!(error instanceof UserFailure)) throw error;
    const fields = typeof empty === "function" ? empty(error) : empty;
    return { ...fields, userErrors: [...error.userErrors] };
  }
}
