import type { SubmitEvent } from "react";
import { ApiError } from "#api/error.ts";
import { errorSentence } from "#api/error-sentence.ts";
import { useCreateToken } from "#tokens/queries.ts";
import { Alert } from "#ui/alert.tsx";
import { Button } from "#ui/button.tsx";
import { CopyOnceDialog } from "#ui/copy-once-dialog.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { TextField } from "#ui/field.tsx";
import { SelectField } from "#ui/select-field.tsx";

interface CreateTokenDialogProps {
  onClose: () => void;
  onDone: (sentence: string) => void;
}

/** Makes a token, and shows it this once. */
export function CreateTokenDialog({ onClose, onDone }: CreateTokenDialogProps) {
  const create = useCreateToken();
  if (create.data) {
    const { name, token } = create.data;
    return (
      <CopyOnceDialog
        title="Copy the token now"
        text={token}
        onClose={() => {
          onDone(`The token “${name}” is ready.`);
        }}
      />
    );
  }

  const fields = create.error instanceof ApiError ? create.error.fields : {};
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (create.isPending) return;
    const form = new FormData(event.currentTarget);
    const name = form.get("name");
    create.mutate({
      name: typeof name === "string" ? name : "",
      expires_in_days: Number(form.get("expires")),
      scopes: form.get("scope") === "write" ? ["read", "write"] : ["read"],
    });
  };
  return (
    <Dialog
      title="New token"
      description="For a script or a service that uses the API as you."
      onClose={onClose}
    >
      <form onSubmit={submit} className="grid gap-5">
        {create.error && Object.keys(fields).length === 0 && (
          <Alert tone="danger">{errorSentence(create.error)}</Alert>
        )}
        <TextField
          label="Name"
          name="name"
          hint="What it is for, to know it by later."
          error={fields["name"] && `The name ${fields["name"]}.`}
          maxLength={100}
          autoComplete="off"
          required
        />
        <SelectField label="What it may do" name="scope" defaultValue="read">
          <option value="read">Read only</option>
          <option value="write">Read and change</option>
        </SelectField>
        <SelectField label="Ends" name="expires" defaultValue="30">
          <option value="7">in 7 days</option>
          <option value="30">in 30 days</option>
          <option value="90">in 90 days</option>
          <option value="365">in a year</option>
        </SelectField>
        <div className="flex flex-wrap-reverse justify-end gap-3">
          <Button variant="secondary" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" pending={create.isPending}>
            Create token
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
