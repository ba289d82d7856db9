import { ShieldCheck } from "lucide-react";
import { useLocation, useNavigate } from "react-router";
import { setup } from "#api/gen/sdk.gen.ts";
import { useFeatures } from "#auth/features.ts";
import { AccountForm } from "#signup/account-form.tsx";
import { Alert } from "#ui/alert.tsx";
import { ButtonLink } from "#ui/button.tsx";
import { Empty } from "#ui/empty.tsx";
import { Page } from "#ui/page.tsx";
import { PageSkeleton } from "#ui/skeleton.tsx";
import { paths } from "#paths.ts";

/** Creates the first administrator, through the link that the server prints when it starts. */
export function SetupPage() {
  const navigate = useNavigate();
  const token = new URLSearchParams(useLocation().hash.slice(1)).get("token");
  const { features, isPending } = useFeatures();
  if (isPending) return <PageSkeleton />;
  const isDone = features?.setup_needed === false;
  return (
    <Page title="Set up Hallpass" intro={isDone ? undefined : "Create the first administrator."} width="form">
      {isDone && (
        <Empty icon={ShieldCheck} title="Hallpass is set up already">
          <ButtonLink to={paths.login()}>Sign in</ButtonLink>
        </Empty>
      )}
      {!isDone && token === null && (
        <div className="mt-6">
          <Alert tone="info">
            Open the setup link in the server's log. It works for one hour; restart the server to get a new
            one.
          </Alert>
        </div>
      )}
      {!isDone && token !== null && (
        <AccountForm
          label="Create administrator"
          make={(account) => setup({ body: { ...account, token }, throwOnError: true })}
          onDone={() => void navigate(paths.home(), { replace: true })}
        />
      )}
    </Page>
  );
}
