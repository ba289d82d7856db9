import { ThemeSwitch } from "#layout/theme-switch.tsx";

export function Footer() {
  return (
    <footer className="border-t border-line px-4 sm:px-6">
      <div className="mx-auto flex max-w-3xl flex-wrap items-center justify-between gap-x-6 gap-y-3 py-4 pb-[max(1rem,env(safe-area-inset-bottom))] text-sm text-muted">
        <p>Hallpass</p>
        <a href="/api/docs" className="rounded-sm underline underline-offset-4 hover:text-text">
          API
        </a>
        <ThemeSwitch />
      </div>
    </footer>
  );
}
