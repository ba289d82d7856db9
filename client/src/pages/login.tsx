import { type SubmitEvent, useEffect, useRef } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { ApiError, isWrongInput } from "#api/error.ts";
import { useFeatures } from "#auth/features.ts";
import { useSignIn } from "#auth/hooks.ts";
import { reasonSentence } from "#auth/reasons.ts";
import { safeReturnTo } from "#auth/return-to.ts";
import { useAuth } from "#auth/session.ts";
import { SignInError } from "#auth/sign-in-error.tsx";
import { useWait } from "#auth/use-wait.ts";
import { Alert } from "#ui/alert.tsx";
import { Button } from "#ui/button.tsx";
import { CheckboxField } from "#ui/field.tsx";
import { formText } from "#ui/form-text.ts";
import { Page } from "#ui/page.tsx";
import { PasswordField } from "#ui/password-field.tsx";
import { paths } from "#paths.ts";
import { UsernameField } from "#ui/username-field.tsx";

export function LoginPage() {
  const auth = useAuth();
  const signIn = useSignIn();
  const wait = useWait(signIn.error);
  const navigate = useNavigate();
  const next = useSearchParams()[0].get("next");
  const username = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const fields = signIn.error instanceof ApiError ? signIn.error.fields : {};

  useEffect(() => {
    username.current?.focus();
  }, []);

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (signIn.isPending) return;
    const form = new FormData(event.currentTarget);
    signIn.mutate(
      {
        username: formText(form, "username"),
        password: formText(form, "password"),
        remember: form.has("remember"),
      },
      {
        onSuccess: () => void navigate(safeReturnTo(next), { replace: true }),
        onError: (error) => {
          // What nobody has found wrong stays as it is, for the next try.
          if (!isWrongInput(error)) return;
          // The name is most often right: keep it, and offer the password to be typed over.
          const wrong = error.fields["username"] ? username : password;
          wrong.current?.focus();
          wrong.current?.select();
        },
      },
    );
  };

  return (
    <Page title="Sign in" width="form" focusHeading={false}>
      {/* post: should the script be dead, a password never ends up in an address. */}
      <form method="post" noValidate onSubmit={submit} className="mt-6 grid gap-5">
        {auth.status === "ended" && !signIn.error && <Alert tone="info">{reasonSentence(auth.reason)}</Alert>}
        <SignInError error={signIn.error} wait={wait} areFieldsShown />
        <UsernameField
          ref={username}
          label="Username or e-mail address"
          autoComplete="username"
          error={fields["username"] && `The name ${fields["username"]}.`}
        />
        <PasswordField
          ref={password}
          label="Password"
          name="password"
          autoComplete="current-password"
          required
          error={fields["password"] && `The password ${fields["password"]}.`}
        />
        <CheckboxField label="Keep me signed in on this device" name="remember" defaultChecked />
        <Button type="submit" pending={signIn.isPending} waiting={wait > 0}>
          Sign in
        </Button>
      </form>
      <OtherWays next={next} />
    </Page>
  );
}

const linkLook = "text-accent-text underline underline-offset-4";

/** What else this server offers. The space is kept free until that is known, so that nothing moves. */
function OtherWays({ next }: { next: string | null }) {
  const { features, isPending } = useFeatures();
  return (
    <div className="mt-6 grid min-h-12 content-start gap-2 text-sm text-muted">
      {features?.setup_needed && (
        <p>
          Hallpass has no administrator yet. Open the setup link in the server's log; it works for one hour.
        </p>
      )}
      {!isPending && features?.mail !== false && (
        <p>
          <Link to={paths.forgotPassword(next)} className={linkLook}>
            Forgot your password?
          </Link>
        </p>
      )}
      {!isPending && features?.registration !== "closed" && (
        <p>
          No account yet?{" "}
          <Link to={paths.register(next)} className={linkLook}>
            Create one
          </Link>
        </p>
      )}
    </div>
  );
}
