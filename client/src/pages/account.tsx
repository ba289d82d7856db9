import { PasswordSection } from "#password/password-section.tsx";
import { SessionsSection } from "#sessions/sessions-section.tsx";
import { TokensSection } from "#tokens/tokens-section.tsx";
import { Page } from "#ui/page.tsx";

export function AccountPage() {
  return (
    <Page title="Account" intro="Where you are signed in, what you have given to scripts, and your password.">
      <SessionsSection />
      <TokensSection />
      <PasswordSection />
    </Page>
  );
}
