import { useApolloClient } from "@apollo/client/react";
import { useNavigate } from "react-router";
import { SignOutDocument } from "../../../schema/generated/operations.ts";
import { useServices } from "../app/services-context.ts";

/** Signs out here at once, and at the server as soon as it can be reached. */
export function useSignOut(): () => Promise<void> {
  const { session } = useServices();
  const client = useApolloClient();
  const navigate = useNavigate();
  return async () => {
    try {
      await client.mutate({ mutation: SignOutDocument, variables: { input: {} } });
    } catch {
      // The session then ends by its expiry; this device forgets it in any case.
    }
    await navigate("/");
    session.forget();
  };
}
