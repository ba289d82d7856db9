import { ApiError } from "#api/error.ts";
import { errorSentence } from "#api/error-sentence.ts";
import { useSignOut } from "#auth/hooks.ts";
import { usePageOwner } from "#auth/session.ts";
import { paths } from "#paths.ts";
import { Alert } from "#ui/alert.tsx";
import { Button, ButtonLink } from "#ui/button.tsx";
import { Page } from "#ui/page.tsx";

/** A page with a button, for a link alone must not be able to sign anybody out. */
export function LogoutPage() {
  const owner = usePageOwner();
  const signOut = useSignOut();
  if (owner === null) {
    return (
      <Page key="out" title="You are signed out" width="form" intro="See you soon.">
        <div className="mt-6">
          <ButtonLink to={paths.login()}>Sign in again</ButtonLink>
        </div>
      </Page>
    );
  }
  return (
    <Page key="in" title="Sign out" width="form" intro={`You are signed in as ${owner.username}.`}>
      <div className="mt-6 grid gap-5">
        {signOut.isError && (
          <Alert tone="danger">
            {errorSentence(signOut.error)}{" "}
            {signOut.error instanceof ApiError
              ? "Your session may still go on: sign out once more."
              : "You are still signed in."}
          </Alert>
        )}
        <div className="flex flex-wrap gap-3">
          <Button
            pending={signOut.isPending}
            onClick={() => {
              signOut.mutate();
            }}
          >
            Sign out
          </Button>
          <ButtonLink to={paths.home()} variant="secondary">
            Stay signed in
          </ButtonLink>
        </div>
      </div>
    </Page>
  );
}
