import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { ApiError } from "#api/error.ts";
import { errorSentence } from "#api/error-sentence.ts";
import { deleteAccount } from "#api/gen/sdk.gen.ts";
import { forgetSession } from "#auth/session.ts";
import { tellOtherTabs } from "#auth/tabs.ts";
import { Alert } from "#ui/alert.tsx";
import { Button } from "#ui/button.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { formText } from "#ui/form-text.ts";
import { PasswordField } from "#ui/password-field.tsx";
import { UsernameField } from "#ui/username-field.tsx";

interface DeleteAccountDialogProps {
  username: string;
  onClose: () => void;
}

/** Leaving for good: the name typed, so that it is meant, and the password, so that it is oneself. */
export function DeleteAccountDialog({ username, onClose }: DeleteAccountDialogProps) {
  const queryClient = useQueryClient();
  const [isMeant, setMeant] = useState<boolean | null>(null);
  const leave = useMutation({
    mutationFn: (password: string) => deleteAccount({ body: { password }, throwOnError: true }),
    onSuccess: async () => {
      await forgetSession(queryClient);
      tellOtherTabs("signed-out");
    },
    // It holds a password.
    gcTime: 0,
  });
  const isWrong = leave.error instanceof ApiError && leave.error.code === "invalid_credentials";
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (leave.isPending) return;
    const data = new FormData(event.currentTarget);
    const meant = formText(data, "name") === username;
    setMeant(meant);
    if (meant) leave.mutate(formText(data, "password"));
  };
  return (
    <Dialog
      title="Delete your account?"
      description="Your profile, your sessions and your tokens are gone at once, and cannot be brought back."
      onClose={onClose}
    >
      <form method="post" noValidate onSubmit={submit} className="grid gap-5">
        {leave.error && !isWrong && <Alert tone="danger">{errorSentence(leave.error)}</Alert>}
        <UsernameField
          label={`Type ${username} to confirm`}
          name="name"
          autoComplete="off"
          error={isMeant === false ? `This is not ${username}.` : undefined}
        />
        <PasswordField
          label="Your password"
          name="password"
          autoComplete="current-password"
          error={isWrong ? "The password is wrong." : undefined}
        />
        <div className="flex flex-wrap-reverse justify-end gap-3">
          <Button variant="secondary" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" variant="danger" pending={leave.isPending}>
            Delete my account
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
