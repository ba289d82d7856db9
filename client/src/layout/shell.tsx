import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import { Outlet, useLocation } from "react-router";
import { ConfirmIdentity } from "#auth/confirm-identity.tsx";
import { useFollowSession } from "#auth/hooks.ts";
import { leaveEndedSession, useAuth, usePageOwner } from "#auth/session.ts";
import { CrashBoundary } from "#layout/crash-boundary.tsx";
import { Footer } from "#layout/footer.tsx";
import { Header } from "#layout/header.tsx";
import { UnreachableBanner } from "#layout/unreachable-banner.tsx";
import { PageSkeleton } from "#ui/skeleton.tsx";

const load = () =>
  import("#layout/companion.tsx").catch(() => ({ Companion: WithoutCompanion, Questions: () => null }));
const Companion = lazy(async () => ({ default: (await load()).Companion }));
const Questions = lazy(async () => ({ default: (await load()).Questions }));

/** It cannot be had (a deploy has taken it away): the sign-in page does its work when the session ends. */
function WithoutCompanion() {
  const queryClient = useQueryClient();
  const { status } = useAuth();
  useEffect(() => {
    if (status !== "signed-in" && status !== "unreachable") leaveEndedSession(queryClient);
  }, [queryClient, status]);
  return null;
}

/** What stands around every page. It survives a page that loads slowly or crashes. */
export function Shell() {
  useFollowSession();
  const owner = usePageOwner();
  const location = useLocation();
  return (
    <div className="grid min-h-dvh grid-cols-[minmax(0,1fr)] grid-rows-[auto_1fr_auto]">
      <a
        href="#main"
        className="fixed start-4 top-2 z-20 -translate-y-16 rounded-md bg-accent px-4 py-2 text-on-accent focus:translate-y-0"
      >
        Skip to the content
      </a>
      <Header />
      <main id="main" tabIndex={-1} className="px-4 py-8 outline-none sm:px-6 sm:py-12">
        <UnreachableBanner />
        <Suspense>{owner && <Questions />}</Suspense>
        <CrashBoundary resetKey={location.key}>
          <Suspense fallback={<PageSkeleton />}>
            <Outlet />
          </Suspense>
        </CrashBoundary>
      </main>
      <Footer />
      <ConfirmIdentity />
      <Suspense>{owner && <Companion />}</Suspense>
    </div>
  );
}
