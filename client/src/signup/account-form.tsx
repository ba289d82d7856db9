import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useRef } from "react";
import { ApiError } from "#api/error.ts";
import type { RegisterRequest } from "#api/gen/types.gen.ts";
import { signUp } from "#auth/actions.ts";
import { SignInError } from "#auth/sign-in-error.tsx";
import { useWait } from "#auth/use-wait.ts";
import { NewPasswordField } from "#signup/new-password-field.tsx";
import { Button } from "#ui/button.tsx";
import { TextField } from "#ui/field.tsx";
import { formText } from "#ui/form-text.ts";
import { UsernameField } from "#ui/username-field.tsx";

interface AccountFormProps {
  /** Makes the account, which signs in to it. */
  make: (account: RegisterRequest) => Promise<unknown>;
  onDone: () => void;
  label: string;
}

/** Who somebody wants to be here. */
export function AccountForm({ make, onDone, label }: AccountFormProps) {
  const queryClient = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const create = useMutation({
    mutationFn: (account: RegisterRequest) =>
      signUp(queryClient, { username: account.username, password: account.password }, () => make(account)),
    onSuccess: onDone,
    // It holds a password.
    gcTime: 0,
  });
  const fields = fieldErrors(create.error);
  const wait = useWait(create.error);

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (create.isPending) return;
    const data = new FormData(event.currentTarget);
    const email = formText(data, "email").trim();
    create.mutate({
      username: formText(data, "username"),
      password: formText(data, "password"),
      full_name: formText(data, "full_name"),
      ...(email && { email }),
    });
  };
  const about = () => {
    const data = form.current ? new FormData(form.current) : new FormData();
    return ["username", "email", "full_name"].map((name) => formText(data, name));
  };

  return (
    <form ref={form} method="post" noValidate onSubmit={submit} className="mt-6 grid gap-5">
      {Object.keys(fields).length === 0 && <SignInError error={create.error} wait={wait} />}
      <UsernameField
        label="Username"
        autoComplete="username"
        maxLength={64}
        hint="Letters, digits, dots, underscores and hyphens."
        error={fields["username"]}
      />
      <TextField
        label="Name (optional)"
        name="full_name"
        autoComplete="name"
        maxLength={200}
        error={fields["full_name"]}
      />
      <TextField
        label="E-mail address (optional)"
        name="email"
        type="email"
        autoComplete="email"
        maxLength={254}
        hint="If we send a link to it, it counts once you have followed that."
        error={fields["email"]}
      />
      <NewPasswordField about={about} error={fields["password"]} />
      <Button type="submit" pending={create.isPending} waiting={wait > 0}>
        {label}
      </Button>
    </form>
  );
}

/** What is wrong, by field: what the server says of each, and names that are taken. */
function fieldErrors(error: Error | null): Partial<Record<string, string>> {
  if (!(error instanceof ApiError)) return {};
  if (error.code === "username_taken") return { username: "Somebody has that username. Choose another." };
  if (error.code === "email_taken") return { email: "Somebody has that e-mail address." };
  const { username, email, full_name, password } = error.fields;
  return {
    ...(username && { username: `The username ${username}.` }),
    ...(email && { email: `The address ${email}.` }),
    ...(full_name && { full_name: `The name ${full_name}.` }),
    ...(password && { password }),
  };
}
