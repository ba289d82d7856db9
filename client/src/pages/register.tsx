import { DoorClosed } from "lucide-react";
import { useNavigate, useSearchParams } from "react-router";
import { register } from "#api/gen/sdk.gen.ts";
import { useFeatures } from "#auth/features.ts";
import { safeReturnTo } from "#auth/return-to.ts";
import { AccountForm } from "#signup/account-form.tsx";
import { ButtonLink } from "#ui/button.tsx";
import { Empty } from "#ui/empty.tsx";
import { Page } from "#ui/page.tsx";
import { PageSkeleton } from "#ui/skeleton.tsx";
import { paths } from "#paths.ts";

/** Creates an account, where the server allows it. */
export function RegisterPage() {
  const navigate = useNavigate();
  const next = useSearchParams()[0].get("next");
  const { features, isPending } = useFeatures();
  if (isPending) return <PageSkeleton />;
  if (features?.registration === "closed")
    return (
      <Page title="Create an account" width="form">
        <Empty icon={DoorClosed} title="Sign-up is by invitation only">
          <p className="text-sm text-muted">
            {features.setup_needed
              ? "Hallpass has no administrator yet. Open the setup link in the server's log; it works for one hour."
              : "Ask your administrator for an invitation."}
          </p>
          <ButtonLink to={paths.login(next)} variant="secondary">
            Back to sign in
          </ButtonLink>
        </Empty>
      </Page>
    );
  return (
    <Page title="Create an account" width="form">
      <AccountForm
        label="Create account"
        make={(body) => register({ body, throwOnError: true })}
        onDone={() => void navigate(safeReturnTo(next), { replace: true })}
      />
    </Page>
  );
}
