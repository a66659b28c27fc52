import { Link, Outlet, ScrollRestoration } from "react-router";
import { useSessionUser } from "../auth/use-session-user.ts";
import { AccountMenu } from "../components/account-menu.tsx";
import { useFocusOnNavigation } from "./use-focus-on-navigation.ts";

/** The frame of every page. Keyed by user, so that no state of one outlives their signing out. */
export function RootLayout() {
  const user = useSessionUser();
  useFocusOnNavigation();
  return (
    <>
      <a className="skip-link" href="#content">
        Skip to content
      </a>
      <header className="site-header">
        <Link to="/" className="brand">
          <img src="/icon.svg" alt="" width="28" height="28" />
          Tributary
        </Link>
        <nav aria-label="Account" className="site-nav">
          {user === undefined ? (
            <>
              <Link to="/sign-in">Sign in</Link>
              <Link to="/sign-up" className="button">
                Create account
              </Link>
            </>
          ) : (
            <AccountMenu />
          )}
        </nav>
      </header>
      <Outlet key={user ?? "visitor"} />
      <ScrollRestoration />
    </>
  );
}
