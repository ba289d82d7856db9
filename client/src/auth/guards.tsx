import type { ReactNode } from "react";
import { Navigate, Outlet, useLocation, useSearchParams } from "react-router";
import { loginPath, safeReturnTo } from "#auth/return-to.ts";
import { useAuth, usePageOwner } from "#auth/session.ts";
import { PageSkeleton } from "#ui/skeleton.tsx";
import { UnreachablePage } from "#ui/unreachable.tsx";

/**
 * Pages for people who are signed in. A session that ends under an open page leaves it mounted, for SignInAgain stands over
 * it and nothing typed may be lost; another person gets a page of their own.
 */
export function RequireAuth() {
  const auth = useAuth();
  const owner = usePageOwner();
  const location = useLocation();
  if (owner !== null) return <Outlet key={owner.id} />;
  if (auth.status === "loading") return <PageSkeleton />;
  if (auth.status === "unreachable") return <UnreachablePage />;
  return <Navigate to={loginPath(location)} replace />;
}

/** Pages for administrators, within those for people who are signed in. For others they do not exist. */
export function RequireAdmin({ otherwise }: { otherwise: ReactNode }) {
  return usePageOwner()?.role === "admin" ? <Outlet /> : otherwise;
}

/** Pages for people who are not signed in; who is goes where they were going. */
export function RequireAnonymous() {
  const auth = useAuth();
  const [search] = useSearchParams();
  if (auth.status === "loading") return <PageSkeleton />;
  if (auth.status === "signed-in") return <Navigate to={safeReturnTo(search.get("next"))} replace />;
  return <Outlet />;
}
