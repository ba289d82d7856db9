import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode, SubmitEvent } from "react";
import { ApiError } from "#api/error.ts";
import { changePassword } from "#api/gen/sdk.gen.ts";
import type { PasswordRequest } from "#api/gen/types.gen.ts";
import { SignInError } from "#auth/sign-in-error.tsx";
import { tellOtherTabs } from "#auth/tabs.ts";
import { useWait } from "#auth/use-wait.ts";
import { usePageOwner } from "#auth/session.ts";
import { Button } from "#ui/button.tsx";
import { formText } from "#ui/form-text.ts";
import { PasswordField } from "#ui/password-field.tsx";
import { KnownUsername } from "#ui/username-field.tsx";

interface ChangePasswordFormProps {
  onDone: () => void;
  /** Beside the button. */
  children?: ReactNode;
}

/** The password until now, and the one from now on. */
export function ChangePasswordForm({ onDone, children }: ChangePasswordFormProps) {
  const queryClient = useQueryClient();
  const owner = usePageOwner();
  const change = useMutation({
    mutationFn: (body: PasswordRequest) => changePassword({ body, throwOnError: true }),
    onSuccess: () => {
      // What was asked with the cookie until now, which is none any more, is answered as if nobody were signed in: this tab,
      // which hears itself, and the others ask again.
      tellOtherTabs();
      void queryClient.invalidateQueries({ queryKey: ["sessions"] });
    },
    // It holds two passwords.
    gcTime: 0,
  });
  const error = change.error instanceof ApiError ? change.error : null;
  const isWrong = error?.code === "invalid_credentials";
  const wait = useWait(change.error);

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (change.isPending) return;
    const form = event.currentTarget;
    const data = new FormData(form);
    const body = { current_password: formText(data, "current"), new_password: formText(data, "new") };
    change.mutate(body, {
      onSuccess: () => {
        form.reset();
        onDone();
      },
    });
  };

  return (
    <form method="post" onSubmit={submit} className="grid gap-5">
      <KnownUsername username={owner?.username ?? ""} />
      {!isWrong && <SignInError error={change.error} wait={wait} areFieldsShown />}
      <PasswordField
        label="Current password"
        name="current"
        autoComplete="current-password"
        error={isWrong ? "The password is wrong." : fieldError(error, "current_password")}
        required
      />
      <PasswordField
        label="New password"
        name="new"
        autoComplete="new-password"
        error={fieldError(error, "new_password")}
        required
      />
      <div className="flex flex-wrap-reverse gap-3">
        <Button type="submit" pending={change.isPending} waiting={wait > 0}>
          Change password
        </Button>
        {children}
      </div>
    </form>
  );
}

function fieldError(error: ApiError | null, field: string): string | undefined {
  const reason = error?.fields[field];
  return reason && `The password ${reason}.`;
}
