import { type HTMLInputTypeAttribute, useId } from "react";
import type { FieldState } from "../forms/use-form.ts";

interface FieldProps {
  readonly label: string;
  readonly state: FieldState;
  readonly type?: HTMLInputTypeAttribute;
  readonly autoComplete?: string;
  readonly hint?: string | undefined;
}

/** A labelled input with its hint and its error, which screen readers read with it. */
export function Field({ label, state, type = "text", autoComplete = "off", hint }: FieldProps) {
  const id = useId();
  const described = [hint === undefined ? "" : `${id}-hint`, state.error === undefined ? "" : `${id}-error`];
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        name={state.name}
        type={type}
        autoComplete={autoComplete}
        required
        value={state.value}
        onChange={(event) => state.onChange(event.target.value)}
        aria-invalid={state.error !== undefined}
        aria-describedby={described.filter(Boolean).join(" ") || undefined}
      />
      {hint !== undefined && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {state.error !== undefined && (
        <p className="field-error" id={`${id}-error`}>
          {state.error}
        </p>
      )}
    </div>
  );
}
