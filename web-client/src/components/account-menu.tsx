import { useQuery } from "@apollo/client/react";
import { Link } from "react-router";
import { ViewerDocument } from "../../../schema/generated/operations.ts";
import { useServices } from "../app/services-context.ts";

export function AccountMenu() {
  const { data } = useQuery(ViewerDocument);
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
