import { lazy } from "react";
import { Route, Routes } from "react-router";
import { RequireAdmin, RequireAnonymous, RequireAuth } from "#auth/guards.tsx";
import { Shell } from "#layout/shell.tsx";
import { pages } from "#pages/pages.ts";
import { paths } from "#paths.ts";

const HomePage = lazy(pages.home);
const SearchPage = lazy(pages.search);
const LoginPage = lazy(pages.login);
const LogoutPage = lazy(pages.logout);
const AccountPage = lazy(pages.account);
const SecurityPage = lazy(pages.security);
const RegisterPage = lazy(pages.register);
const SetupPage = lazy(pages.setup);
const ForgotPasswordPage = lazy(pages.forgotPassword);
const LinkPage = lazy(pages.link);
const PeoplePage = lazy(pages.people);
const PersonPage = lazy(pages.person);
const AuditPage = lazy(pages.audit);
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
          <Route path={paths.register()} element={<RegisterPage />} />
        </Route>
        <Route path={paths.setup()} element={<SetupPage />} />
        <Route path={paths.forgotPassword()} element={<ForgotPasswordPage />} />
        <Route path={`${paths.link()}/:token?`} element={<LinkPage />} />
        <Route element={<RequireAuth />}>
          <Route path={paths.search()} element={<SearchPage />} />
          <Route path={paths.account()} element={<AccountPage />} />
          <Route path={paths.security()} element={<SecurityPage />} />
          <Route element={<RequireAdmin otherwise={<NotFoundPage />} />}>
            <Route path={paths.people()} element={<PeoplePage />} />
            <Route path={paths.person(":id")} element={<PersonPage />} />
            <Route path={paths.audit()} element={<AuditPage />} />
          </Route>
        </Route>
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  );
}
