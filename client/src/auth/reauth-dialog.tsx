import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useEffect, useRef } from "react";
import { ApiError, isWrongInput } from "#api/error.ts";
import { reauth } from "#api/gen/sdk.gen.ts";
import { settleReauth } from "#auth/reauth.ts";
import { SignInError } from "#auth/sign-in-error.tsx";
import { useWait } from "#auth/use-wait.ts";
import { Alert } from "#ui/alert.tsx";
import { Button } from "#ui/button.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { PasswordField } from "#ui/password-field.tsx";
import { KnownUsername } from "#ui/username-field.tsx";

/** Asks for the password once more, and then lets what was begun go on. */
export function ReauthDialog({ username }: { username: string }) {
  const queryClient = useQueryClient();
  const password = useRef<HTMLInputElement>(null);
  const prove = useMutation({
    mutationFn: (password: string) => reauth({ body: { password }, throwOnError: true }),
    onSuccess: () => {
      settleReauth(queryClient, "proved");
    },
  });
  const isWrong = prove.error instanceof ApiError && prove.error.code === "invalid_credentials";
  const wait = useWait(prove.error);

  useEffect(() => {
    if (isWrongInput(prove.error)) password.current?.select();
  }, [prove.error]);

  const giveUp = () => {
    settleReauth(queryClient, "refused");
  };
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!prove.isPending) prove.mutate(password.current?.value ?? "");
  };

  return (
    <Dialog
      title="Confirm that it is you"
      description="Enter your password once more. What you were doing then goes on."
      onClose={giveUp}
    >
      <form method="post" onSubmit={submit} className="grid gap-5">
        <KnownUsername username={username} />
        {isWrong ? (
          <Alert tone="danger">The password is wrong.</Alert>
        ) : (
          <SignInError error={prove.error} wait={wait} />
        )}
        <PasswordField
          ref={password}
          label="Password"
          name="password"
          autoComplete="current-password"
          required
        />
        <div className="flex flex-wrap-reverse justify-end gap-3">
          <Button variant="secondary" onClick={giveUp}>
            Cancel
          </Button>
          <Button type="submit" pending={prove.isPending} waiting={wait > 0}>
            Confirm
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
