import { type SubmitEvent, useState } from "react";
import { errorSentence } from "#api/error-sentence.ts";
import { useDeletePerson } from "#admin/queries.ts";
import { Alert } from "#ui/alert.tsx";
import { Button } from "#ui/button.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { formText } from "#ui/form-text.ts";
import { UsernameField } from "#ui/username-field.tsx";

interface DeletePersonDialogProps {
  id: string;
  username: string;
  onClose: () => void;
  onGone: () => void;
}

/** Deletes somebody; the name typed, so that it is meant. */
export function DeletePersonDialog({ id, username, onClose, onGone }: DeletePersonDialogProps) {
  const remove = useDeletePerson(id, onGone);
  const [isMeant, setMeant] = useState<boolean | null>(null);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (remove.isPending) return;
    const meant = formText(new FormData(event.currentTarget), "name") === username;
    setMeant(meant);
    if (meant) remove.mutate();
  };
  return (
    <Dialog
      title={`Delete ${username}?`}
      description="Their profile, sessions and tokens are gone at once, and cannot be brought back."
      onClose={onClose}
    >
      <form noValidate onSubmit={submit} className="grid gap-5">
        {remove.error && <Alert tone="danger">{errorSentence(remove.error)}</Alert>}
        <UsernameField
          label={`Type ${username} to confirm`}
          name="name"
          autoComplete="off"
          error={isMeant === false ? `This is not ${username}.` : undefined}
        />
        <div className="flex flex-wrap-reverse justify-end gap-3">
          <Button variant="secondary" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" variant="danger" pending={remove.isPending}>
            Delete
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
