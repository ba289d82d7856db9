import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useRef, useState } from "react";
import { ApiError } from "#api/error.ts";
import { changePassword } from "#api/gen/sdk.gen.ts";
import type { PasswordRequest } from "#api/gen/types.gen.ts";
import { SignInError } from "#auth/sign-in-error.tsx";
import { usePageOwner } from "#auth/session.ts";
import { Alert } from "#ui/alert.tsx";
import { Button } from "#ui/button.tsx";
import { Card } from "#ui/card.tsx";
import { formText } from "#ui/form-text.ts";
import { PasswordField } from "#ui/password-field.tsx";

/** Choosing another password, which ends all other sessions. */
export function PasswordSection() {
  const queryClient = useQueryClient();
  const owner = usePageOwner();
  const form = useRef<HTMLFormElement>(null);
  const [isChanged, setChanged] = useState(false);
  const change = useMutation({
    mutationFn: (body: PasswordRequest) => changePassword({ body, throwOnError: true }),
    onMutate: () => {
      setChanged(false);
    },
    onSuccess: () => {
      form.current?.reset();
      setChanged(true);
      void queryClient.invalidateQueries({ queryKey: ["sessions"] });
    },
    // It holds two passwords.
    gcTime: 0,
  });
  const error = change.error instanceof ApiError ? change.error : null;
  const isWrong = error?.code === "invalid_credentials";

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (change.isPending) return;
    const data = new FormData(event.currentTarget);
    change.mutate({ current_password: formText(data, "current"), new_password: formText(data, "new") });
  };

  return (
    <section aria-labelledby="password" className="mt-12">
      <h2 id="password" className="text-lg font-semibold tracking-tight">
        Password
      </h2>
      <p className="mt-1 mb-4 text-sm text-muted">
        Changing it signs you out everywhere else. A few unrelated words make a good one.
      </p>
      <Card>
        <form ref={form} method="post" onSubmit={submit} className="grid max-w-sm gap-5 p-4">
          {/* Password managers look for a username beside the password. */}
          <input
            type="text"
            name="username"
            autoComplete="username"
            value={owner?.username ?? ""}
            readOnly
            hidden
          />
          {!isWrong && <SignInError error={change.error} areFieldsShown />}
          {isChanged && <Alert tone="info">Your password is changed.</Alert>}
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
          <div>
            <Button type="submit" pending={change.isPending}>
              Change password
            </Button>
          </div>
        </form>
      </Card>
    </section>
  );
}

function fieldError(error: ApiError | null, field: string): string | undefined {
  const reason = error?.fields[field];
  return reason && `The password ${reason}.`;
}
