import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import type { PersonDetails } from "#api/gen/types.gen.ts";
import { LoadError } from "#api/load-error.tsx";
import { DeletePersonDialog } from "#admin/delete-person-dialog.tsx";
import { PersonSessions, PersonTokens, ResetLink, Section } from "#admin/person-access.tsx";
import { PersonForm } from "#admin/person-form.tsx";
import { personQuery } from "#admin/queries.ts";
import { Button } from "#ui/button.tsx";
import { Page } from "#ui/page.tsx";
import { PageSkeleton } from "#ui/skeleton.tsx";
import { Time } from "#ui/time.tsx";
import { paths } from "#paths.ts";

/** One person, for administrators. */
export function PersonPage() {
  const { id = "" } = useParams();
  const person = useQuery(personQuery(id));
  if (person.isPending) return <PageSkeleton />;
  if (person.isError && person.data === undefined)
    return (
      <Page title="Person">
        <LoadError error={person.error} retry={() => void person.refetch()} isRetrying={person.isFetching} />
      </Page>
    );
  return <Person person={person.data} />;
}

function Person({ person }: { person: PersonDetails }) {
  const navigate = useNavigate();
  const [isDeleting, setDeleting] = useState(false);
  const { id, username } = person;
  return (
    <Page
      title={person.full_name || username}
      intro={
        <>
          <span className="block">
            <span>
              {username}, since <Time value={person.created_at} />;{" "}
            </span>
            {person.last_login_at ? (
              <span>
                last signed in <Time value={person.last_login_at} isRelative />
              </span>
            ) : (
              <span>never signed in</span>
            )}
          </span>
          <Link
            to={paths.people()}
            className="mt-2 inline-block text-sm text-accent-text underline underline-offset-4"
          >
            All people
          </Link>
        </>
      }
    >
      <Section id="person" title="Profile" intro="Somebody who may not sign in is signed out at once.">
        <PersonForm person={person} />
      </Section>
      <ResetLink id={id} name={username} isDisabled={person.disabled} />
      <PersonSessions id={id} name={username} />
      <PersonTokens id={id} name={username} />
      <Section id="delete" title="Delete" intro="What they did stays in the audit, without their name.">
        <div className="p-4">
          <Button
            variant="secondary"
            onClick={() => {
              setDeleting(true);
            }}
          >
            Delete {username}
          </Button>
        </div>
      </Section>
      {isDeleting && (
        <DeletePersonDialog
          id={id}
          username={username}
          onClose={() => {
            setDeleting(false);
          }}
          onGone={() => void navigate(paths.people(), { replace: true })}
        />
      )}
    </Page>
  );
}
