import { type SubmitEvent, useState } from "react";
import { ApiError } from "#api/error.ts";
import { errorSentence } from "#api/error-sentence.ts";
import type { PersonDetails, Role } from "#api/gen/types.gen.ts";
import { useChangePerson } from "#admin/queries.ts";
import { Alert } from "#ui/alert.tsx";
import { Button } from "#ui/button.tsx";
import { CheckboxField, TextField } from "#ui/field.tsx";
import { formText } from "#ui/form-text.ts";
import { SelectField } from "#ui/select-field.tsx";

/** What an administrator may change of somebody. */
export function PersonForm({ person }: { person: PersonDetails }) {
  const change = useChangePerson(person.id);
  // What the form was filled with: only what differs from it is sent, for somebody else may be changing the rest.
  const [filled, setFilled] = useState(person);
  const error = change.error instanceof ApiError ? change.error : null;
  const isTaken = error?.code === "email_taken";
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (change.isPending) return;
    const data = new FormData(event.currentTarget);
    const full_name = formText(data, "full_name").trim();
    const email = formText(data, "email").trim() || null;
    const role = formText(data, "role") as Role;
    const disabled = !data.has("enabled");
    change.mutate(
      {
        ...(full_name !== filled.full_name && { full_name }),
        ...(email !== filled.email && { email }),
        ...(role !== filled.role && { role }),
        ...(disabled !== filled.disabled && { disabled }),
      },
      {
        onSuccess: () => {
          setFilled({ ...filled, full_name, email, role, disabled });
        },
      },
    );
  };
  return (
    <form noValidate onSubmit={submit} className="grid max-w-sm gap-5 p-4">
      {change.error && !isTaken && error?.code !== "invalid_input" && (
        <Alert tone="danger">{errorSentence(change.error)}</Alert>
      )}
      {change.isSuccess && <Alert tone="info">Saved.</Alert>}
      <TextField
        label="Name"
        name="full_name"
        defaultValue={person.full_name}
        autoComplete="off"
        maxLength={200}
        error={error?.fields["full_name"] && `The name ${error.fields["full_name"]}.`}
      />
      <TextField
        label="E-mail address"
        name="email"
        type="email"
        defaultValue={person.email ?? ""}
        autoComplete="off"
        maxLength={254}
        error={
          isTaken ? errorSentence(error) : error?.fields["email"] && `The address ${error.fields["email"]}.`
        }
      />
      <SelectField label="Role" name="role" defaultValue={person.role}>
        <option value="member">Member</option>
        <option value="admin">Administrator</option>
      </SelectField>
      <CheckboxField label="May sign in" name="enabled" defaultChecked={!person.disabled} />
      <div>
        <Button type="submit" pending={change.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}
