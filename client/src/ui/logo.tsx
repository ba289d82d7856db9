/** The hall pass: a tag with a hole, and two lines that nobody can read. */
export function Logo() {
  return (
    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden className="text-accent">
      <rect x="3" y="7" width="26" height="18" rx="4" fill="currentcolor" />
      <circle cx="9.5" cy="16" r="2.5" fill="var(--surface)" />
      <path d="M16 13.5h8M16 18.5h5" stroke="var(--surface)" strokeWidth="2" strokeLinecap="round" />
    </svg>
  );
}
