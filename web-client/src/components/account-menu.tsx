import { useQuery } from "@apollo/client/react";
import { ViewerDocument } from "../../../schema/generated/operations.ts";
import { useSignOut } from "../auth/use-sign-out.ts";

export function AccountMenu() {
  const { data } = useQuery(ViewerDocument);
  const signOut = useSignOut();
  const name = data?.viewer?.user.displayName;
  return (
    <>
      {name !== undefined && <span className="who">{name}</span>}
      <button type="button" className="button" onClick={() => void signOut()}>
        Sign out
      </button>
    </>
  );
}
