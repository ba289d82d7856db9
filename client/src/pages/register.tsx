import { queryOptions, useQuery } from "@tanstack/react-query";
import { DoorClosed } from "lucide-react";
import { useNavigate, useSearchParams } from "react-router";
import { ApiError } from "#api/error.ts";
import { register } from "#api/gen/sdk.gen.ts";
import type { RegisterRequest } from "#api/gen/types.gen.ts";
import { LoadError } from "#api/load-error.tsx";
import { safeReturnTo } from "#auth/return-to.ts";
import { AccountForm } from "#signup/account-form.tsx";
import { ButtonLink } from "#ui/button.tsx";
import { Empty } from "#ui/empty.tsx";
import { Page } from "#ui/page.tsx";
import { PageSkeleton } from "#ui/skeleton.tsx";
import { paths } from "#paths.ts";

/** Whether anybody may make an account: the server refuses an empty wish for another reason where one may. */
function registrationQuery() {
  return queryOptions({
    queryKey: ["registration"],
    queryFn: async ({ signal }) => {
      try {
        await register({ body: {} as RegisterRequest, signal, throwOnError: true });
        return true;
      } catch (error) {
        if (!(error instanceof ApiError) || error.status >= 500) throw error;
        return error.code !== "registration_closed";
      }
    },
    staleTime: 60_000,
  });
}

/** Making an account for oneself, where the server allows it. */
export function RegisterPage() {
  const navigate = useNavigate();
  const next = useSearchParams()[0].get("next");
  const isOpen = useQuery(registrationQuery());
  if (isOpen.isPending) return <PageSkeleton />;
  return (
    <Page title="Create an account" width="form">
      {isOpen.isError && (
        <LoadError error={isOpen.error} retry={() => void isOpen.refetch()} isRetrying={isOpen.isFetching} />
      )}
      {isOpen.data === false && (
        <Empty icon={DoorClosed} title="Accounts are made by administrators here">
          <p className="text-sm text-muted">Ask yours for an invitation.</p>
          <ButtonLink to={paths.login(next)} variant="secondary">
            Back to sign in
          </ButtonLink>
        </Empty>
      )}
      {isOpen.data && (
        <AccountForm
          label="Create account"
          make={(body) => register({ body, throwOnError: true })}
          onDone={() => void navigate(safeReturnTo(next), { replace: true })}
        />
      )}
    </Page>
  );
}
