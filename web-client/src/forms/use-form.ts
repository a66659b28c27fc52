import { type FormEvent, useRef, useState } from "react";
import type { UserErrorFieldsFragment } from "../../../schema/generated/operations.ts";
import { describeProblem } from "./describe-problem.ts";
import type { Check } from "./validation.ts";

export interface FieldState {
  readonly name: string;
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (value: string) => void;
}

export interface Form<Name extends string> {
  readonly fields: Readonly<Record<Name, FieldState>>;
  readonly busy: boolean;
  /** What went wrong and belongs to no field. */
  readonly problem: string | undefined;
  readonly onSubmit: (event: FormEvent<HTMLFormElement>) => void;
}

export interface FormOptions<Name extends string> {
  /** Field name, as in the mutation's input → check. */
  readonly checks: Readonly<Record<Name, Check>>;
  /** Resolves with what the server refused; an empty list is success. Rejects when nothing could be asked. */
  readonly submit: (values: Readonly<Record<Name, string>>) => Promise<readonly UserErrorFieldsFragment[]>;
}

/** Values, errors beside their fields, and a submit that sends nothing before every field passes its check. */
export function useForm<Name extends string>({ checks, submit }: FormOptions<Name>): Form<Name> {
  const names = Object.keys(checks).filter((name): name is Name => name in checks);
  const byName = <Value>(value: (name: Name) => Value): Record<Name, Value> => {
    const entries = names.map((name) => [name, value(name)] as const);
    return Object.fromEntries(entries) as Record<Name, Value>;
  };
  const [values, setValues] = useState(() => byName(() => ""));
  const [errors, setErrors] = useState<Partial<Record<string, string>>>({});
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  // State comes too late for a second click in the same frame.
  const running = useRef(false);

  const show = (form: HTMLFormElement, found: Partial<Record<string, string>>): void => {
    setErrors(found);
    const first = names.find((name) => found[name] !== undefined);
    const control = first === undefined ? null : form.elements.namedItem(first);
    if (control instanceof HTMLElement) control.focus();
  };

  const send = async (form: HTMLFormElement): Promise<void> => {
    running.current = true;
    setBusy(true);
    setProblem(undefined);
    try {
      const refused = await submit(values);
      const owner = (error: UserErrorFieldsFragment): string | undefined => error.field?.at(-1);
      const ownErrors = refused.filter((error) => names.some((name) => name === owner(error)));
      show(form, Object.fromEntries(ownErrors.map((error) => [owner(error), error.message])));
      const other = refused.filter((error) => !ownErrors.includes(error));
      if (other.length > 0) setProblem(other.map(({ message }) => message).join(" "));
    } catch (error) {
      setProblem(describeProblem(error));
    } finally {
      running.current = false;
      setBusy(false);
    }
  };

  return {
    fields: byName((name) => ({
      name,
      value: values[name],
      error: errors[name],
      onChange(value: string) {
        setValues((all) => ({ ...all, [name]: value }));
        setErrors((all) => ({ ...all, [name]: undefined }));
      },
    })),
    busy,
    problem,
    onSubmit(event) {
      event.preventDefault();
      if (running.current) return;
      const form = event.currentTarget;
      const found: Partial<Record<string, string>> = {};
      for (const name of names) {
        const message = checks[name](values[name]);
        if (message !== undefined) found[name] = message;
      }
      show(form, found);
      if (Object.keys(found).length === 0) void send(form);
    },
  };
}
