import { Link } from "react-router";
import { useSessionUser } from "../auth/use-session-user.ts";
import { HomeRedirect } from "../components/home-redirect.tsx";
import { Page } from "../components/page.tsx";

export function HomePage() {
  if (useSessionUser() !== undefined) return <HomeRedirect />;
  return (
    <Page
      title="Many streams, one river"
      intro="Plans, invoices and everything that happens to them, live for your whole team."
    >
      <div className="welcome">
        <Link to="/sign-up" className="button primary">
          Create account
        </Link>
        <Link to="/sign-in" className="button">
          Sign in
        </Link>
      </div>
      <ul className="selling">
        <li>
          <h2>Live</h2>
          <p>A payment in one window shows in every other within a moment. A dropped connection loses nothing.</p>
        </li>
        <li>
          <h2>Accountable</h2>
          <p>Every event is in an audit log whose entries seal one another.</p>
        </li>
        <li>
          <h2>Exact</h2>
          <p>Money is counted in whole minor units, and no click pays twice.</p>
        </li>
      </ul>
    </Page>
  );
}
