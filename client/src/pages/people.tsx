import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { UserRoundPlus, UserRoundX } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import type { PersonDetails, Role, StateFilter, UserSort } from "#api/gen/types.gen.ts";
import { ListEnd } from "#api/list-end.tsx";
import { CreatePersonDialog } from "#admin/create-person-dialog.tsx";
import { peopleQuery } from "#admin/queries.ts";
import { SearchField } from "#admin/search-field.tsx";
import { useSearchFilter } from "#admin/use-search-filter.ts";
import { Avatar } from "#ui/avatar.tsx";
import { Badge } from "#ui/badge.tsx";
import { Button } from "#ui/button.tsx";
import { Card } from "#ui/card.tsx";
import { Empty } from "#ui/empty.tsx";
import { Page } from "#ui/page.tsx";
import { SelectField } from "#ui/select-field.tsx";
import { RowsSkeleton } from "#ui/skeleton.tsx";
import { Time } from "#ui/time.tsx";
import { paths } from "#paths.ts";

const names = ["q", "role", "state", "sort"] as const;

/** Everybody, for administrators: found, filtered, sorted, and one click from what can be done. */
export function PeoplePage() {
  const [filter, change] = useSearchFilter(names);
  const [isInviting, setInviting] = useState(false);
  const [said, setSaid] = useState<{ sentence: string } | null>(null);
  const status = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    // Not before the dialog is gone: until then the page is inert.
    if (said !== null) status.current?.focus();
  }, [said]);
  return (
    <Page title="Manage people" intro="Who may sign in here, and as what.">
      <div className="mt-6 grid grid-cols-1 gap-4 sm:grid-cols-[2fr_1fr_1fr_1fr]">
        <SearchField
          label="Username or name"
          name="q"
          value={filter.q}
          onChange={(value) => {
            change("q", value);
          }}
        />
        <SelectField
          label="Role"
          name="role"
          value={filter.role}
          onChange={(event) => {
            change("role", event.target.value);
          }}
        >
          <option value="">All</option>
          <option value="member">Members</option>
          <option value="admin">Administrators</option>
        </SelectField>
        <SelectField
          label="State"
          name="state"
          value={filter.state}
          onChange={(event) => {
            change("state", event.target.value);
          }}
        >
          <option value="">All</option>
          <option value="enabled">Enabled</option>
          <option value="disabled">Disabled</option>
        </SelectField>
        <SelectField
          label="Sort by"
          name="sort"
          value={filter.sort}
          onChange={(event) => {
            change("sort", event.target.value);
          }}
        >
          <option value="">Username</option>
          <option value="-last_login_at">Last sign-in</option>
          <option value="-created_at">Newest</option>
          <option value="created_at">Oldest</option>
        </SelectField>
      </div>
      <div className="mt-4 flex flex-wrap items-center justify-between gap-3">
        <p ref={status} tabIndex={-1} role="status" className="min-h-5 text-sm text-muted outline-none">
          {said?.sentence}
        </p>
        <Button
          size="sm"
          onClick={() => {
            setInviting(true);
          }}
        >
          <UserRoundPlus size={16} aria-hidden />
          Invite somebody
        </Button>
      </div>
      <People filter={filter} />
      {isInviting && (
        <CreatePersonDialog
          onClose={() => {
            setInviting(false);
          }}
          onDone={(sentence) => {
            setInviting(false);
            setSaid({ sentence });
          }}
        />
      )}
    </Page>
  );
}

function People({ filter }: { filter: Record<(typeof names)[number], string> }) {
  const query = peopleQuery({
    q: filter.q,
    role: filter.role as Role | "",
    state: filter.state as StateFilter | "",
    sort: (filter.sort || "username") as UserSort,
  });
  const people = useInfiniteQuery({ ...query, placeholderData: keepPreviousData });
  const rows = people.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section aria-label="People" className="mt-4">
      <Card>
        {people.isPending && <RowsSkeleton rows={6} label="Loading people" />}
        {people.isSuccess && rows.length === 0 && <Empty icon={UserRoundX} title="Nobody matches" />}
        <ul
          className={`divide-y divide-line transition-opacity ${people.isPlaceholderData ? "opacity-60" : ""}`}
        >
          {rows.map((person) => (
            <PersonRow key={person.id} person={person} />
          ))}
        </ul>
        <ListEnd list={people} isEmpty={rows.length === 0} />
      </Card>
    </section>
  );
}

function PersonRow({ person }: { person: PersonDetails }) {
  return (
    <li className="relative flex items-center gap-4 p-4 hover:bg-sunken">
      <Avatar name={person.full_name || person.username} />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-2 font-medium">
          <Link to={paths.person(person.id)} className="truncate after:absolute after:inset-0">
            {person.full_name || person.username}
          </Link>
          {person.role === "admin" && <Badge>Administrator</Badge>}
          {person.disabled && <Badge>Disabled</Badge>}
        </p>
        <p className="truncate text-sm text-muted">
          {person.email ? `${person.username}, ${person.email}` : person.username}
        </p>
      </div>
      <p className="hidden text-sm text-muted sm:block">
        {person.last_login_at ? <Time value={person.last_login_at} isRelative /> : "never signed in"}
      </p>
    </li>
  );
}
