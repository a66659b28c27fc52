import { Page } from "../components/page.tsx";

/** What is left when a page breaks. */
export function ErrorPage() {
  return (
    <Page title="This page broke" intro="An error kept it from being shown. Nothing was lost." narrow>
      <a href="/" className="button">
        Start again
      </a>
    </Page>
  );
}
