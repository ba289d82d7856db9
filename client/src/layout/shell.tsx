import { Suspense } from "react";
import { Outlet, useLocation } from "react-router";
import { ConfirmIdentity } from "#auth/confirm-identity.tsx";
import { SignInAgain } from "#auth/sign-in-again.tsx";
import { useFollowSession } from "#auth/hooks.ts";
import { CrashBoundary } from "#layout/crash-boundary.tsx";
import { Footer } from "#layout/footer.tsx";
import { Header } from "#layout/header.tsx";
import { UnreachableBanner } from "#layout/unreachable-banner.tsx";
import { PageSkeleton } from "#ui/skeleton.tsx";

/** What stands around every page. It survives a page that loads slowly or crashes. */
export function Shell() {
  useFollowSession();
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
        <CrashBoundary resetKey={location.key}>
          <Suspense fallback={<PageSkeleton />}>
            <Outlet />
          </Suspense>
        </CrashBoundary>
      </main>
      <Footer />
      <ConfirmIdentity />
      <SignInAgain />
    </div>
  );
}
