import { useSyncExternalStore } from "react";
import { useServices } from "../app/services-context.ts";

/** Id of the signed-in user; follows signing in and out in any window. */
export function useSessionUser(): string | undefined {
  const { session } = useServices();
  return useSyncExternalStore(session.onChange, session.userId);
}
