import { Search } from "lucide-react";
import { Link, NavLink, useLocation } from "react-router";
import { loginPath } from "#auth/return-to.ts";
import { useAuth, usePageOwner } from "#auth/session.ts";
import { UserMenu } from "#layout/user-menu.tsx";
import { paths } from "#paths.ts";
import { ButtonLink } from "#ui/button.tsx";
import { Logo } from "#ui/logo.tsx";
import { useHasDirectory } from "#users/queries.ts";

export function Header() {
  const auth = useAuth();
  const owner = usePageOwner();
  const location = useLocation();
  const hasDirectory = useHasDirectory();
  const isSignInPage = location.pathname === paths.login();
  return (
    <header className="sticky top-0 z-10 border-b border-line bg-page/90 px-4 backdrop-blur sm:px-6">
      <div className="mx-auto flex min-h-16 max-w-3xl items-center gap-2 sm:gap-4">
        <Link
          to={paths.home()}
          className="me-auto flex min-h-11 items-center gap-2 rounded-md font-semibold tracking-tight"
        >
          <Logo />
          Hallpass
        </Link>
        {owner && hasDirectory && (
          <nav aria-label="Main">
            <NavLink
              to={paths.search()}
              className={({ isActive }) =>
                `flex min-h-11 items-center gap-2 rounded-md px-3 text-sm font-medium hover:bg-sunken ${isActive ? "text-text" : "text-muted"}`
              }
            >
              <Search size={16} aria-hidden />
              People
            </NavLink>
          </nav>
        )}
        {owner && <UserMenu user={owner} />}
        {!owner && auth.status !== "loading" && !isSignInPage && (
          <ButtonLink to={loginPath(location)} size="sm">
            Sign in
          </ButtonLink>
        )}
      </div>
    </header>
  );
}
