import { SessionsSection } from "#sessions/sessions-section.tsx";
import { Page } from "#ui/page.tsx";

export function AccountPage() {
  return (
    <Page title="Account" intro="Where you are signed in. End any session that you do not know.">
      <SessionsSection />
    </Page>
  );
}
