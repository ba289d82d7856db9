import { ActivitySection } from "#activity/activity-section.tsx";
import { PasswordSection } from "#password/password-section.tsx";
import { LeaveSection } from "#profile/leave-section.tsx";
import { ProfileSection } from "#profile/profile-section.tsx";
import { SessionsSection } from "#sessions/sessions-section.tsx";
import { TokensSection } from "#tokens/tokens-section.tsx";
import { Page } from "#ui/page.tsx";

export function AccountPage() {
  return (
    <Page
      title="Account"
      intro="Where you are signed in, what you have given to scripts, and who you are here."
    >
      <SessionsSection />
      <TokensSection />
      <ProfileSection />
      <PasswordSection />
      <ActivitySection />
      <LeaveSection />
    </Page>
  );
}
