import { Link } from "react-router";
import { ViewerDocument } from "../../../schema/generated/operations.ts";
import { useServices } from "../app/services-context.ts";
import { useCachedQuery } from "../graphql/use-cached-query.ts";

export function AccountMenu() {
  const { data } = useCachedQuery(ViewerDocument, { variables: {} });
  const { session } = useServices();
  const name = data?.viewer?.user.displayName;
  return (
    <>
      {name !== undefined && <span className="who">{name}</span>}
      <Link to="/connections">Connections</Link>
      <button type="button" className="button" onClick={() => void session.signOut()}>
        Sign out
      </button>
    </>
  );
}
