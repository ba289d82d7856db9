import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { ScrollText } from "lucide-react";
import type { AuditEntry, AuditEvent } from "#api/gen/types.gen.ts";
import { ListEnd } from "#api/list-end.tsx";
import { auditSentences } from "#activity/sentences.ts";
import { auditQuery } from "#admin/queries.ts";
import { SearchField } from "#admin/search-field.tsx";
import { useSearchFilter } from "#admin/use-search-filter.ts";
import { Card } from "#ui/card.tsx";
import { Empty } from "#ui/empty.tsx";
import { TextField } from "#ui/field.tsx";
import { Page } from "#ui/page.tsx";
import { SelectField } from "#ui/select-field.tsx";
import { RowsSkeleton } from "#ui/skeleton.tsx";
import { Time } from "#ui/time.tsx";

const names = ["actor", "event", "from", "to"] as const;

/** Who did what, when, and from where; for administrators. */
export function AuditPage() {
  const [filter, change] = useSearchFilter(names);
  return (
    <Page title="Audit" intro="Who did what, when, and from where.">
      <div className="mt-6 grid grid-cols-1 gap-4 sm:grid-cols-2">
        <SearchField
          label="Done by (username)"
          name="actor"
          value={filter.actor}
          onChange={(value) => {
            change("actor", value);
          }}
        />
        <SelectField
          label="What"
          name="event"
          value={filter.event}
          onChange={(event) => {
            change("event", event.target.value);
          }}
        >
          <option value="">Everything</option>
          {Object.entries(auditSentences).map(([event, sentence]) => (
            <option key={event} value={event}>
              {sentence}
            </option>
          ))}
        </SelectField>
        <TextField
          label="From"
          name="from"
          type="date"
          value={filter.from}
          max={filter.to || undefined}
          onChange={(event) => {
            change("from", event.target.value);
          }}
        />
        <TextField
          label="To"
          name="to"
          type="date"
          value={filter.to}
          min={filter.from || undefined}
          onChange={(event) => {
            change("to", event.target.value);
          }}
        />
      </div>
      <Lines filter={filter} />
    </Page>
  );
}

function Lines({ filter }: { filter: Record<(typeof names)[number], string> }) {
  const query = auditQuery({ ...filter, event: filter.event as AuditEvent | "" });
  const audit = useInfiniteQuery({ ...query, placeholderData: keepPreviousData });
  const lines = audit.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section aria-label="What happened" className="mt-6">
      <Card>
        {audit.isPending && <RowsSkeleton rows={6} label="Loading the audit" />}
        {audit.isSuccess && lines.length === 0 && <Empty icon={ScrollText} title="Nothing matches" />}
        <ul
          className={`divide-y divide-line transition-opacity ${audit.isPlaceholderData ? "opacity-60" : ""}`}
        >
          {lines.map((line) => (
            <AuditRow key={line.id} line={line} />
          ))}
        </ul>
        <ListEnd list={audit} isEmpty={lines.length === 0} />
      </Card>
    </section>
  );
}

function AuditRow({ line }: { line: AuditEntry }) {
  const about = line.user_id === line.actor_id ? null : whoever(line.username, line.user_id);
  const from = [line.device, line.ip].filter(Boolean).join(", ") || "on the server";
  return (
    <li className="grid gap-x-4 p-4 sm:grid-cols-[1fr_auto]">
      <p className="font-medium">
        <span>{auditSentences[line.event]}</span>
        {line.detail && <span className="font-normal text-muted">: {line.detail}</span>}
      </p>
      <p className="text-sm text-muted sm:text-end">
        <Time value={line.at} />
      </p>
      <p className="text-sm text-muted">
        <span>
          {line.actor_id ? `by ${whoever(line.actor, line.actor_id) ?? ""}` : "by nobody signed in"}
        </span>
        {about && <span>{`, about ${about}`}</span>}
      </p>
      <p className="text-sm text-muted sm:text-end">{from}</p>
    </li>
  );
}

/** A name; for accounts that are gone, that they are. */
function whoever(name: string | null | undefined, id: string | null | undefined): string | null {
  return name ?? (id ? "a deleted account" : null);
}
