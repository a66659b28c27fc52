import { useId } from "react";
import { useNavigate } from "react-router";

export interface SwitchableOrganization {
  readonly id: string;
  readonly name: string;
}

interface OrganizationSwitcherProps {
  readonly current: SwitchableOrganization;
  readonly organizations: readonly SwitchableOrganization[];
}

const NEW = "new";

export function OrganizationSwitcher({ current, organizations }: OrganizationSwitcherProps) {
  const id = useId();
  const navigate = useNavigate();
  return (
    <div className="switcher">
      <label htmlFor={id} className="visually-hidden">
        Organisation
      </label>
      <select
        id={id}
        value={current.id}
        onChange={({ target }) => void navigate(target.value === NEW ? "/organizations/new" : `/o/${target.value}`)}
      >
        {organizations.map(({ id: value, name }) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
        <option value={NEW}>New organisation…</option>
      </select>
    </div>
  );
}
