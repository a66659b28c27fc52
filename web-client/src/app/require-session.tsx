import { Navigate, Outlet, useLocation } from "react-router";
import { useSessionUser } from "../auth/use-session-user.ts";
import { useServices } from "./services-context.ts";

/** Sends visitors to the sign-in page, and back here afterwards; who just signed out goes to the start. */
export function RequireSession() {
  const { session } = useServices();
  const user = useSessionUser();
  const { pathname, search } = useLocation();
  if (user === undefined) {
    if (session.signedOut()) return <Navigate to="/" replace />;
    return <Navigate to={`/sign-in?next=${encodeURIComponent(pathname + search)}`} replace />;
  }
  return <Outlet />;
}
