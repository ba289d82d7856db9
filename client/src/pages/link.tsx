import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check, Link2Off, MailCheck } from "lucide-react";
import { type SubmitEvent, useState } from "react";
import { useNavigate, useParams } from "react-router";
import { ApiError } from "#api/error.ts";
import { errorSentence } from "#api/error-sentence.ts";
import { followLink, showLink } from "#api/gen/sdk.gen.ts";
import type { FollowLink, LinkInfo } from "#api/gen/types.gen.ts";
import { LoadError } from "#api/load-error.tsx";
import { SESSION_KEY } from "#auth/session.ts";
import { NewPasswordField } from "#signup/new-password-field.tsx";
import { Alert } from "#ui/alert.tsx";
import { Button, ButtonLink } from "#ui/button.tsx";
import { Empty } from "#ui/empty.tsx";
import { formText } from "#ui/form-text.ts";
import { Page } from "#ui/page.tsx";
import { PageSkeleton } from "#ui/skeleton.tsx";
import { Time } from "#ui/time.tsx";
import { paths } from "#paths.ts";
import { KnownUsername } from "#ui/username-field.tsx";

function linkQuery(token: string) {
  return queryOptions({
    queryKey: ["link", token],
    queryFn: async ({ signal }) => {
      const { data } = await showLink({ path: { token }, signal, throwOnError: true });
      return data;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/**
 * A link that works once. Its token stays in the address until then, so that the page can be reloaded, or passed on from a
 * mail app's own browser to another one. Referrer-Policy keeps it out of referrers.
 */
export function LinkPage() {
  const { token } = useParams();
  const navigate = useNavigate();
  const [used, setUsed] = useState("-");
  const current = token ?? used;
  return (
    <Link
      key={current}
      token={current}
      onUsed={() => {
        setUsed(current);
        void navigate(paths.link(), { replace: true });
      }}
    />
  );
}

function Link({ token, onUsed }: { token: string; onUsed: () => void }) {
  const queryClient = useQueryClient();
  const link = useQuery(linkQuery(token));
  const follow = useMutation({
    mutationFn: (body: FollowLink) => followLink({ path: { token }, body, throwOnError: true }),
    onSuccess: () => {
      onUsed();
      // A person who is signed in may have another e-mail address now.
      return queryClient.invalidateQueries({ queryKey: SESSION_KEY });
    },
    // It holds a password.
    gcTime: 0,
  });
  if (link.isPending) return <PageSkeleton />;
  if (follow.isSuccess && link.data?.email)
    return (
      <Page key="confirmed" title="Your address is confirmed" width="form">
        <Empty icon={MailCheck} title={`You can sign in with ${link.data.email} too`}>
          <ButtonLink to={paths.account()}>Go to your account</ButtonLink>
        </Empty>
      </Page>
    );
  if (follow.isSuccess)
    return (
      <Page title="Your password is set" width="form">
        <Empty icon={Check} title="Sign in with it now">
          <ButtonLink to={paths.login()}>Sign in</ButtonLink>
        </Empty>
      </Page>
    );
  const isGone = [link.error, follow.error].some(
    (error) => error instanceof ApiError && error.code === "not_found",
  );
  if (isGone)
    return (
      <Page title="This link has expired or was already used" width="form">
        <Empty icon={Link2Off} title="Links work once">
          <p className="text-sm text-muted">Request a new one, or ask your administrator.</p>
        </Empty>
      </Page>
    );
  if (link.isError && link.data === undefined)
    return (
      <Page title="Link" width="form">
        <LoadError error={link.error} retry={() => void link.refetch()} isRetrying={link.isFetching} />
      </Page>
    );
  const Form = link.data.purpose === "email_verification" ? ConfirmForm : PasswordForm;
  return <Form link={link.data} error={follow.error} pending={follow.isPending} onSubmit={follow.mutate} />;
}

interface FormProps {
  link: LinkInfo;
  error: Error | null;
  pending: boolean;
  onSubmit: (body: FollowLink) => void;
}

/** A button, so that no program that only looks at links in mails confirms anything. */
function ConfirmForm({ link, error, pending, onSubmit }: FormProps) {
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!pending) onSubmit({});
  };
  return (
    <Page
      title="Confirm your e-mail address"
      intro={`${link.email ?? ""} becomes the address of ${link.username}.`}
      width="form"
    >
      <form method="post" onSubmit={submit} className="mt-6 grid gap-5">
        {error && <Alert tone="danger">{errorSentence(error)}</Alert>}
        <Button type="submit" pending={pending}>
          Confirm this address
        </Button>
        <p className="text-sm text-muted">If you know nothing of that account, close this page.</p>
      </form>
    </Page>
  );
}

function PasswordForm({ link, error, pending, onSubmit }: FormProps) {
  const reason = error instanceof ApiError ? error.fields["password"] : undefined;
  const isInvitation = link.purpose === "invitation";
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!pending) onSubmit({ password: formText(new FormData(event.currentTarget), "password") });
  };
  return (
    <Page
      title={isInvitation ? "Welcome to Hallpass" : "Choose a new password"}
      intro={
        isInvitation
          ? `You are invited as ${link.username}. Choose a password to sign in with.`
          : `For ${link.username}. You will be signed out everywhere.`
      }
      width="form"
    >
      <form method="post" noValidate onSubmit={submit} className="mt-6 grid gap-5">
        <KnownUsername username={link.username} />
        {error && !reason && <Alert tone="danger">{errorSentence(error)}</Alert>}
        <NewPasswordField label="New password" about={() => [link.username, link.full_name]} error={reason} />
        <Button type="submit" pending={pending}>
          Set password
        </Button>
        <p className="text-sm text-muted">
          This link works once and expires <Time value={link.expires_at} isRelative />.
        </p>
      </form>
    </Page>
  );
}
