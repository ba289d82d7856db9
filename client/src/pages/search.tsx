import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Lock, UserRoundX } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useSearchParams } from "react-router";
import { isForbidden, usersQuery } from "#users/queries.ts";
import { UserRow } from "#users/user-row.tsx";
import { Button } from "#ui/button.tsx";
import { Card } from "#ui/card.tsx";
import { Empty } from "#ui/empty.tsx";
import { inputLook } from "#ui/field.tsx";
import { LoadError } from "#api/load-error.tsx";
import { Page } from "#ui/page.tsx";
import { RowsSkeleton } from "#ui/skeleton.tsx";
import { useTypingPause } from "#ui/use-typing-pause.ts";

/** The directory: what is searched for stands in the address, so that it can be shared and gone back to. */
export function SearchPage() {
  const [search, setSearch] = useSearchParams();
  const q = search.get("q") ?? "";
  const [typed, setTyped] = useState(q);
  const input = useRef<HTMLInputElement>(null);

  useTypingPause(typed, q, (text) => {
    setSearch(text ? { q: text } : {}, { replace: true });
  });
  useSlashKey(input);
  return (
    <Page title="People" intro="Find people by their username or their name.">
      <form
        role="search"
        className="mt-6"
        onSubmit={(event) => {
          event.preventDefault();
        }}
      >
        <label htmlFor="search" className="sr-only">
          Username or name
        </label>
        <input
          id="search"
          ref={input}
          type="search"
          value={typed}
          maxLength={100}
          placeholder="Username or name"
          autoComplete="off"
          className={inputLook}
          onChange={(event) => {
            setTyped(event.target.value);
          }}
        />
      </form>
      <Results
        q={q}
        clear={() => {
          setTyped("");
          input.current?.focus();
        }}
      />
    </Page>
  );
}

function Results({ q, clear }: { q: string; clear: () => void }) {
  const users = useInfiniteQuery({ ...usersQuery({ q }), placeholderData: keepPreviousData });
  const people = users.data?.pages.flatMap((page) => page.items) ?? [];
  const count = `${String(people.length)}${users.hasNextPage ? " or more" : ""} ${people.length === 1 ? "person" : "people"}`;
  const isEmpty = users.isSuccess && people.length === 0;
  if (isForbidden(users.error)) {
    return (
      <Card>
        <div role="alert">
          <Empty icon={Lock} title="Only administrators can see the directory here." />
        </div>
      </Card>
    );
  }
  return (
    <section aria-label="Results" className="mt-6">
      <p role="status" className="mb-2 min-h-5 text-sm text-muted">
        {users.isSuccess && !users.isPlaceholderData && (isEmpty ? "Nobody found" : count)}
      </p>
      <Card>
        {users.isPending && <RowsSkeleton rows={6} label="Loading people" />}
        {users.isError && people.length === 0 && (
          <LoadError error={users.error} retry={() => void users.refetch()} isRetrying={users.isFetching} />
        )}
        {isEmpty && (
          <Empty icon={UserRoundX} title={q ? `Nobody matches “${q}”` : "There is nobody here yet"}>
            {q && (
              <Button variant="secondary" onClick={clear}>
                Clear the search
              </Button>
            )}
          </Empty>
        )}
        {people.length > 0 && (
          <ul
            className={`divide-y divide-line transition-opacity ${users.isPlaceholderData ? "opacity-60" : ""}`}
          >
            {people.map((person) => (
              <UserRow key={person.id} user={person} />
            ))}
          </ul>
        )}
      </Card>
      {users.hasNextPage && (
        <div className="mt-4 flex justify-center">
          <Button
            variant="secondary"
            pending={users.isFetchingNextPage}
            onClick={() => void users.fetchNextPage()}
          >
            Show more
          </Button>
        </div>
      )}
      {users.isFetchNextPageError && (
        <LoadError
          error={users.error}
          retry={() => void users.fetchNextPage()}
          isRetrying={users.isFetchingNextPage}
        />
      )}
    </section>
  );
}

/** "/" goes to the search field, as everywhere; not while somebody types. */
function useSlashKey(input: React.RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof Element && event.target.closest("input, textarea, select, dialog");
      if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener("keydown", onKeyDown);
    return () => {
      removeEventListener("keydown", onKeyDown);
    };
  }, [input]);
}
