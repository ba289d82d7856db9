import { queryOptions, useQuery } from "@tanstack/react-query";
import { ShieldCheck } from "lucide-react";
import { useLocation, useNavigate } from "react-router";
import { getSetup, setup } from "#api/gen/sdk.gen.ts";
import { LoadError } from "#api/load-error.tsx";
import { AccountForm } from "#signup/account-form.tsx";
import { Alert } from "#ui/alert.tsx";
import { ButtonLink } from "#ui/button.tsx";
import { Empty } from "#ui/empty.tsx";
import { Page } from "#ui/page.tsx";
import { PageSkeleton } from "#ui/skeleton.tsx";
import { paths } from "#paths.ts";

function setupQuery() {
  return queryOptions({
    queryKey: ["setup"],
    queryFn: async ({ signal }) => {
      const { data } = await getSetup({ signal, throwOnError: true });
      return data.needed;
    },
  });
}

/** The first administrator, made through the link that the server prints when it starts. */
export function SetupPage() {
  const navigate = useNavigate();
  const token = new URLSearchParams(useLocation().hash.slice(1)).get("token");
  const isNeeded = useQuery(setupQuery());
  if (isNeeded.isPending) return <PageSkeleton />;
  return (
    <Page title="Set up Hallpass" intro={isNeeded.data && "Make the first administrator."} width="form">
      {isNeeded.isError && (
        <LoadError
          error={isNeeded.error}
          retry={() => void isNeeded.refetch()}
          isRetrying={isNeeded.isFetching}
        />
      )}
      {isNeeded.data === false && (
        <Empty icon={ShieldCheck} title="Hallpass is set up already">
          <ButtonLink to={paths.login()}>Sign in</ButtonLink>
        </Empty>
      )}
      {isNeeded.data && token === null && (
        <div className="mt-6">
          <Alert tone="info">
            Open the link that the server printed when it started: it ends with a token.
          </Alert>
        </div>
      )}
      {isNeeded.data && token !== null && (
        <AccountForm
          label="Create administrator"
          make={(account) => setup({ body: { ...account, token }, throwOnError: true })}
          onDone={() => void navigate(paths.home(), { replace: true })}
        />
      )}
    </Page>
  );
}
