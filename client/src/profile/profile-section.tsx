import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { ApiError } from "#api/error.ts";
import { errorSentence } from "#api/error-sentence.ts";
import { changeProfile } from "#api/gen/sdk.gen.ts";
import type { Me, ProfileChanges } from "#api/gen/types.gen.ts";
import { SESSION_KEY, usePageOwner } from "#auth/session.ts";
import { Alert } from "#ui/alert.tsx";
import { Button } from "#ui/button.tsx";
import { Card } from "#ui/card.tsx";
import { TextField } from "#ui/field.tsx";
import { formText } from "#ui/form-text.ts";

/** One's name and address. */
export function ProfileSection() {
  const owner = usePageOwner();
  return (
    <section aria-labelledby="profile" className="mt-10">
      <h2 id="profile" className="text-lg font-semibold tracking-tight">
        Profile
      </h2>
      <p className="mt-1 mb-4 text-sm text-muted">
        Others find you by your name; the address is yours alone.
      </p>
      <Card>{owner && <ProfileForm key={owner.id} owner={owner} />}</Card>
    </section>
  );
}

function ProfileForm({ owner }: { owner: Me }) {
  const queryClient = useQueryClient();
  // What the form was filled with: only what differs from it is sent, for another tab may have changed the rest.
  const [filled, setFilled] = useState({ full_name: owner.full_name, email: owner.email ?? null });
  const change = useMutation({
    mutationFn: (body: ProfileChanges) => changeProfile({ body, throwOnError: true }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: SESSION_KEY }),
  });
  const error = change.error instanceof ApiError ? change.error : null;
  const isTaken = error?.code === "email_taken";
  // Where mails are sent, a new address counts only once a link in one was followed.
  const asked = change.variables?.email;
  const unverified = change.data && asked && change.data.data.email !== asked ? asked : null;
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (change.isPending) return;
    const form = event.currentTarget;
    const data = new FormData(form);
    const full_name = formText(data, "full_name").trim();
    const email = formText(data, "email").trim() || null;
    const wish = {
      ...(full_name !== filled.full_name && { full_name }),
      ...(email !== filled.email && { email }),
    };
    change.mutate(wish, {
      onSuccess: ({ data: me }) => {
        setFilled({ full_name, email: me.email ?? null });
        const field = form.elements.namedItem("email");
        if (field instanceof HTMLInputElement) field.value = me.email ?? "";
      },
    });
  };
  return (
    <form noValidate onSubmit={submit} className="grid max-w-sm gap-5 p-4">
      {change.error && !isTaken && error?.code !== "invalid_input" && (
        <Alert tone="danger">{errorSentence(change.error)}</Alert>
      )}
      {change.isSuccess && (
        <Alert tone="info">
          {unverified
            ? `We have sent a link to ${unverified}; it counts once you have followed it.`
            : "Your profile is saved."}
        </Alert>
      )}
      <TextField
        label="Username"
        name="username"
        value={owner.username}
        readOnly
        hint="It cannot be changed."
      />
      <TextField
        label="Full name"
        name="full_name"
        defaultValue={owner.full_name}
        autoComplete="name"
        maxLength={200}
        error={error?.fields["full_name"] && `The name ${error.fields["full_name"]}.`}
      />
      <TextField
        label="E-mail address"
        name="email"
        type="email"
        defaultValue={owner.email ?? ""}
        autoComplete="email"
        maxLength={254}
        hint="You can sign in with it too."
        error={
          isTaken ? errorSentence(error) : error?.fields["email"] && `The address ${error.fields["email"]}.`
        }
      />
      <div>
        <Button type="submit" pending={change.isPending}>
          Save profile
        </Button>
      </div>
    </form>
  );
}
