import type { SubmitEvent } from "react";
import { ApiError } from "#api/error.ts";
import { errorSentence } from "#api/error-sentence.ts";
import type { CreateUser } from "#api/gen/types.gen.ts";
import { useCreatePerson } from "#admin/queries.ts";
import { Alert } from "#ui/alert.tsx";
import { Button } from "#ui/button.tsx";
import { CopyOnceDialog } from "#ui/copy-once-dialog.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { TextField } from "#ui/field.tsx";
import { formText } from "#ui/form-text.ts";
import { SelectField } from "#ui/select-field.tsx";
import { UsernameField } from "#ui/username-field.tsx";

interface CreatePersonDialogProps {
  onClose: () => void;
  onDone: (sentence: string) => void;
}

/** Invites somebody: the account is made, and the link to its first password is shown once. */
export function CreatePersonDialog({ onClose, onDone }: CreatePersonDialogProps) {
  const create = useCreatePerson();
  if (create.data?.invitation) {
    const { username, invitation } = create.data;
    return (
      <CopyOnceDialog
        title={
          invitation.mailed ? `We have mailed this link to ${username}` : `Send this link to ${username}`
        }
        description="It lets them choose their password. It is shown this once, and good for seven days."
        text={invitation.url}
        onClose={() => {
          onDone(`${username} is invited.`);
        }}
      />
    );
  }

  const error = create.error instanceof ApiError ? create.error : null;
  const fields = error?.fields ?? {};
  const isTaken = (code: string) => (error?.code === code ? errorSentence(error) : undefined);
  const isAboutField = Object.keys(fields).length > 0 || error?.code.endsWith("_taken");
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (create.isPending) return;
    const data = new FormData(event.currentTarget);
    const email = formText(data, "email").trim();
    create.mutate({
      username: formText(data, "username"),
      full_name: formText(data, "full_name").trim(),
      role: formText(data, "role") as NonNullable<CreateUser["role"]>,
      ...(email && { email }),
    });
  };
  return (
    <Dialog title="Invite somebody" description="They choose their password themselves." onClose={onClose}>
      <form noValidate onSubmit={submit} className="grid gap-5">
        {create.error && !isAboutField && <Alert tone="danger">{errorSentence(create.error)}</Alert>}
        <UsernameField
          label="Username"
          autoComplete="off"
          maxLength={64}
          error={isTaken("username_taken") ?? (fields["username"] && `The username ${fields["username"]}.`)}
        />
        <TextField
          label="Name (optional)"
          name="full_name"
          autoComplete="off"
          maxLength={200}
          error={fields["full_name"] && `The name ${fields["full_name"]}.`}
        />
        <TextField
          label="E-mail address (optional)"
          name="email"
          type="email"
          autoComplete="off"
          maxLength={254}
          error={isTaken("email_taken") ?? (fields["email"] && `The address ${fields["email"]}.`)}
        />
        <SelectField label="Role" name="role" defaultValue="member">
          <option value="member">Member</option>
          <option value="admin">Administrator</option>
        </SelectField>
        <div className="flex flex-wrap-reverse justify-end gap-3">
          <Button variant="secondary" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" pending={create.isPending}>
            Make invitation
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
