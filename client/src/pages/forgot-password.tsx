import { useMutation } from "@tanstack/react-query";
import { MailQuestionMark, MailX } from "lucide-react";
import type { SubmitEvent } from "react";
import { useSearchParams } from "react-router";
import { ApiError } from "#api/error.ts";
import { forgotPassword } from "#api/gen/sdk.gen.ts";
import { useFeatures } from "#auth/features.ts";
import { SignInError } from "#auth/sign-in-error.tsx";
import { useWait } from "#auth/use-wait.ts";
import { Button, ButtonLink } from "#ui/button.tsx";
import { Empty } from "#ui/empty.tsx";
import { formText } from "#ui/form-text.ts";
import { Page } from "#ui/page.tsx";
import { PageSkeleton } from "#ui/skeleton.tsx";
import { paths } from "#paths.ts";
import { UsernameField } from "#ui/username-field.tsx";

/** Asking for a link to a new password. The server does not say whether there is such a person, so the page cannot either. */
export function ForgotPasswordPage() {
  const next = useSearchParams()[0].get("next");
  const { features, isPending } = useFeatures();
  const ask = useMutation({
    mutationFn: (username: string) => forgotPassword({ body: { username }, throwOnError: true }),
  });
  const reason = ask.error instanceof ApiError ? ask.error.fields["username"] : undefined;
  const wait = useWait(ask.error);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!ask.isPending) ask.mutate(formText(new FormData(event.currentTarget), "username").trim());
  };
  if (isPending) return <PageSkeleton />;
  if (features?.mail === false)
    return (
      <Page title="Forgotten password" width="form">
        <Empty icon={MailX} title="This server sends no e-mail">
          <p className="text-sm text-muted">Ask your administrator for a link to choose a new password.</p>
          <ButtonLink to={paths.login(next)} variant="secondary">
            Back to sign in
          </ButtonLink>
        </Empty>
      </Page>
    );
  if (ask.isSuccess)
    return (
      <Page key="asked" title="Check your e-mail" width="form">
        <Empty icon={MailQuestionMark} title="It may take a few minutes">
          <p className="text-sm text-muted">
            If there is an account with that name and an e-mail address, we have sent a link. Otherwise ask
            your administrator.
          </p>
          <ButtonLink to={paths.login(next)} variant="secondary">
            Back to sign in
          </ButtonLink>
        </Empty>
      </Page>
    );
  return (
    <Page title="Forgotten password" intro="We send you a link to choose a new one." width="form">
      <form method="post" noValidate onSubmit={submit} className="mt-6 grid gap-5">
        <SignInError error={ask.error} wait={wait} areFieldsShown />
        <UsernameField
          label="Username or e-mail address"
          autoComplete="username"
          error={reason && `The name ${reason}.`}
        />
        <Button type="submit" pending={ask.isPending} waiting={wait > 0}>
          Send link
        </Button>
      </form>
    </Page>
  );
}
