import { Navigate, Outlet, useLocation } from "react-router";
import { useSessionUser } from "../auth/use-session-user.ts";

/** Sends visitors to the sign-in page, and back here afterwards. */
export function RequireSession() {
  const user = useSessionUser();
  const { pathname, search } = useLocation();
  if (user === undefined) {
    return <Navigate to={`/sign-in?next=${encodeURIComponent(pathname + search)}`} replace />;
  }
  return <Outlet />;
}
