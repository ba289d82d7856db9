import { SessionsSection } from "#sessions/sessions-section.tsx";
import { TokensSection } from "#tokens/tokens-section.tsx";
import { Page } from "#ui/page.tsx";

export function AccountPage() {
  return (
    <Page title="Account" intro="Where you are signed in, and what you have given to scripts.">
      <SessionsSection />
      <TokensSection />
    </Page>
  );
}
