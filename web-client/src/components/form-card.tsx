import type { FormEvent, ReactNode } from "react";
import { Notice } from "./notice.tsx";

interface FormCardProps {
  readonly onSubmit: (event: FormEvent<HTMLFormElement>) => void;
  readonly problem: string | undefined;
  readonly busy: boolean;
  readonly action: string;
  readonly children: ReactNode;
}

/**
 * A form with its problem on top and its one action below. Checks are ours, so that messages stay beside their fields.
 */
export function FormCard({ onSubmit, problem, busy, action, children }: FormCardProps) {
  return (
    <form className="card form" onSubmit={onSubmit} noValidate>
      {problem !== undefined && <Notice tone="problem">{problem}</Notice>}
      {children}
      <button type="submit" className="button primary" disabled={busy}>
        {busy ? "One moment…" : action}
      </button>
    </form>
  );
}
