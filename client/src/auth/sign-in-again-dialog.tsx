import { useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useEffect, useRef } from "react";
import { isWrongInput } from "#api/error.ts";
import { useSignIn } from "#auth/hooks.ts";
import { leaveEndedSession } from "#auth/session.ts";
import { SignInError } from "#auth/sign-in-error.tsx";
import { useWait } from "#auth/use-wait.ts";
import { Button } from "#ui/button.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { PasswordField } from "#ui/password-field.tsx";
import { KnownUsername } from "#ui/username-field.tsx";

export interface SignInAgainDialogProps {
  username: string;
  /** Why it is needed, as a sentence. */
  reason: string;
}

/** Asks the person whose page it is for the password. */
export function SignInAgainDialog({ username, reason }: SignInAgainDialogProps) {
  const queryClient = useQueryClient();
  const signIn = useSignIn();
  const wait = useWait(signIn.error);
  const password = useRef<HTMLInputElement>(null);

  useEffect(() => {
    if (isWrongInput(signIn.error)) password.current?.select();
  }, [signIn.error]);

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (signIn.isPending) return;
    signIn.mutate({ username, password: password.current?.value ?? "" });
  };

  return (
    <Dialog isOpaque title="Sign in again" description={`${reason} Sign in to go on where you were.`}>
      <form method="post" onSubmit={submit} className="grid gap-5">
        <p className="text-sm">
          Continue as <strong className="font-medium">{username}</strong>
        </p>
        <KnownUsername username={username} />
        <SignInError error={signIn.error} wait={wait} />
        <PasswordField
          ref={password}
          label="Password"
          name="password"
          autoComplete="current-password"
          required
        />
        <div className="flex flex-wrap-reverse justify-end gap-3">
          <Button
            variant="secondary"
            onClick={() => {
              leaveEndedSession(queryClient);
            }}
          >
            Sign in as somebody else
          </Button>
          <Button type="submit" pending={signIn.isPending} waiting={wait > 0}>
            Sign in
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
