import { CombinedGraphQLErrors, ServerError } from "@apollo/client/errors";

/** A sentence for the user about a request that gave no payload. */
export function describeProblem(error: unknown): string {
  if (CombinedGraphQLErrors.is(error)) {
    const [first] = error.errors;
    switch (first?.extensions?.["code"]) {
      case "UNAUTHENTICATED":
        return "You are signed out. Sign in and try again.";
      case "FORBIDDEN":
        return "You are not allowed to do this.";
      case "RATE_LIMITED":
        return "Too many attempts. Wait a moment, then try again.";
      default:
        return "Something went wrong on our side. Try again in a moment.";
    }
  }
  if (ServerError.is(error)) return "The service is not available right now. Try again in a moment.";
  return "The service cannot be reached. Check your connection and try again.";
}
