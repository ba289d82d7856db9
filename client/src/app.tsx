import { lazy } from "react";
import { Route, Routes } from "react-router";
import { RequireAnonymous, RequireAuth } from "#auth/guards.tsx";
import { Shell } from "#layout/shell.tsx";
import { pages } from "#pages/pages.ts";
import { paths } from "#paths.ts";

const HomePage = lazy(pages.home);
const SearchPage = lazy(pages.search);
const LoginPage = lazy(pages.login);
const LogoutPage = lazy(pages.logout);
const AccountPage = lazy(pages.account);
const NotFoundPage = lazy(pages.notFound);

/** Every path and every guard. */
export function App() {
  return (
    <Routes>
      <Route element={<Shell />}>
        <Route path={paths.home()} element={<HomePage />} />
        <Route path={paths.logout()} element={<LogoutPage />} />
        <Route element={<RequireAnonymous />}>
          <Route path={paths.login()} element={<LoginPage />} />
        </Route>
        <Route element={<RequireAuth />}>
          <Route path={paths.search()} element={<SearchPage />} />
          <Route path={paths.account()} element={<AccountPage />} />
        </Route>
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  );
}
