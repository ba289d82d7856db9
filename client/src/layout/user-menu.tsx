import { ChevronDown } from "lucide-react";
import { type FocusEvent, type KeyboardEvent, useRef } from "react";
import { Link } from "react-router";
import type { Me } from "#api/gen/types.gen.ts";
import { paths } from "#paths.ts";

const item = "flex min-h-11 items-center rounded-sm px-3 text-sm hover:bg-sunken sm:min-h-10";

/** A disclosure with a list of links: no menu role, for it is no menu of commands (ARIA Authoring Practices, "Disclosure"). */
export function UserMenu({ user }: { user: Me }) {
  const details = useRef<HTMLDetailsElement>(null);
  const close = () => {
    details.current?.removeAttribute("open");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !details.current?.open) return;
    close();
    details.current.querySelector("summary")?.focus();
  };
  const onBlur = (event: FocusEvent) => {
    if (!event.currentTarget.contains(event.relatedTarget)) close();
  };
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Esc and leaving close it, nothing else
    <details ref={details} className="group relative" onKeyDown={onKeyDown} onBlur={onBlur}>
      <summary className="flex min-h-11 list-none items-center gap-1.5 rounded-md px-3 text-sm font-medium hover:bg-sunken [&::-webkit-details-marker]:hidden">
        <span className="sr-only">Your account: </span>
        <span className="max-w-28 truncate sm:max-w-48">{user.username}</span>
        <ChevronDown size={16} className="shrink-0 transition-transform group-open:rotate-180" aria-hidden />
      </summary>
      <div className="absolute end-0 mt-1 w-60 rounded-md border border-line bg-surface p-1.5 shadow-float">
        <p className="px-3 py-2 text-sm">
          {user.full_name && <span className="block font-medium">{user.full_name}</span>}
          <span className="block truncate text-muted">{user.email ?? user.username}</span>
        </p>
        <ul className="border-t border-line pt-1.5">
          <li>
            <Link to={paths.account()} className={item} onClick={close}>
              Account and sessions
            </Link>
          </li>
          {user.role === "admin" && (
            <>
              <li>
                <Link to={paths.people()} className={item} onClick={close}>
                  Manage people
                </Link>
              </li>
              <li>
                <Link to={paths.audit()} className={item} onClick={close}>
                  Audit
                </Link>
              </li>
            </>
          )}
          <li>
            <Link to={paths.logout()} className={item} onClick={close}>
              Sign out
            </Link>
          </li>
        </ul>
      </div>
    </details>
  );
}
