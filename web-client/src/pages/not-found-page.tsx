import { Link } from "react-router";
import { Page } from "../components/page.tsx";

export function NotFoundPage() {
  return (
    <Page title="Nothing here" intro="There is no page at this address, or none that you may see." narrow>
      <Link to="/" className="button">
        Go to the start
      </Link>
    </Page>
  );
}
