import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { Check, Link2Off } from "lucide-react";
import { type SubmitEvent, useEffect } from "react";
import { useLocation, useNavigate, useParams } from "react-router";
import { ApiError } from "#api/error.ts";
import { errorSentence } from "#api/error-sentence.ts";
import { followLink, showLink } from "#api/gen/sdk.gen.ts";
import type { LinkInfo } from "#api/gen/types.gen.ts";
import { LoadError } from "#api/load-error.tsx";
import { NewPasswordField } from "#signup/new-password-field.tsx";
import { Alert } from "#ui/alert.tsx";
import { Button, ButtonLink } from "#ui/button.tsx";
import { Empty } from "#ui/empty.tsx";
import { formText } from "#ui/form-text.ts";
import { Page } from "#ui/page.tsx";
import { PageSkeleton } from "#ui/skeleton.tsx";
import { Time } from "#ui/time.tsx";
import { paths } from "#paths.ts";

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

/** A link that is good for one use. The token leaves the address at once: it stays out of referrers and of the history. */
export function LinkPage() {
  const { token: opened } = useParams();
  const navigate = useNavigate();
  const state: unknown = useLocation().state;
  useEffect(() => {
    if (opened) void navigate(paths.link(), { replace: true, state: { token: opened } });
  }, [opened, navigate]);
  if (opened) return <PageSkeleton />;
  return <Link key={tokenOf(state)} token={tokenOf(state)} />;
}

function tokenOf(state: unknown): string {
  const hasToken = typeof state === "object" && state !== null && "token" in state;
  return hasToken && typeof state.token === "string" ? state.token : "-";
}

function Link({ token }: { token: string }) {
  const link = useQuery(linkQuery(token));
  const follow = useMutation({
    mutationFn: (password: string) => followLink({ path: { token }, body: { password }, throwOnError: true }),
    // It holds a password.
    gcTime: 0,
  });
  if (link.isPending) return <PageSkeleton />;
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
      <Page title="This link is not good any more" width="form">
        <Empty icon={Link2Off} title="It was used, or it is too old">
          <p className="text-sm text-muted">Ask your administrator for another one.</p>
        </Empty>
      </Page>
    );
  if (link.isError && link.data === undefined)
    return (
      <Page title="Link" width="form">
        <LoadError error={link.error} retry={() => void link.refetch()} isRetrying={link.isFetching} />
      </Page>
    );
  return (
    <PasswordForm link={link.data} error={follow.error} pending={follow.isPending} onSubmit={follow.mutate} />
  );
}

interface PasswordFormProps {
  link: LinkInfo;
  error: Error | null;
  pending: boolean;
  onSubmit: (password: string) => void;
}

function PasswordForm({ link, error, pending, onSubmit }: PasswordFormProps) {
  const reason = error instanceof ApiError ? error.fields["password"] : undefined;
  const isInvitation = link.purpose === "invitation";
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!pending) onSubmit(formText(new FormData(event.currentTarget), "password"));
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
        {/* Password managers look for a username beside the password. */}
        <input type="text" name="username" autoComplete="username" value={link.username} readOnly hidden />
        {error && !reason && <Alert tone="danger">{errorSentence(error)}</Alert>}
        <NewPasswordField label="New password" about={() => [link.username, link.full_name]} error={reason} />
        <Button type="submit" pending={pending}>
          Set password
        </Button>
        <p className="text-sm text-muted">
          The link is good once, and ends <Time value={link.expires_at} isRelative />.
        </p>
      </form>
    </Page>
  );
}
