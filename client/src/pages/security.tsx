import { Link } from "react-router";
import { PasswordSection } from "#password/password-section.tsx";
import { paths } from "#paths.ts";
import { SessionsSection } from "#sessions/sessions-section.tsx";
import { Page } from "#ui/page.tsx";

/** Password and sessions. Password managers open this page through /.well-known/change-password. */
export function SecurityPage() {
  return (
    <Page
      title="Security"
      intro={
        <>
          <span className="block">Change your password and see where you are signed in.</span>
          <Link
            to={paths.account()}
            className="mt-2 inline-block text-sm text-accent-text underline underline-offset-4"
          >
            All account settings
          </Link>
        </>
      }
    >
      <PasswordSection />
      <SessionsSection />
    </Page>
  );
}
