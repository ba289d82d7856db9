import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { History } from "lucide-react";
import { ownSentence } from "#activity/sentences.ts";
import { listActivity } from "#api/gen/sdk.gen.ts";
import type { Activity } from "#api/gen/types.gen.ts";
import { Card } from "#ui/card.tsx";
import { Empty } from "#ui/empty.tsx";
import { ListEnd } from "#api/list-end.tsx";
import { RowsSkeleton } from "#ui/skeleton.tsx";
import { Time } from "#ui/time.tsx";

function activityQuery() {
  return infiniteQueryOptions({
    queryKey: ["activity"],
    queryFn: async ({ pageParam, signal }) => {
      const query = { limit: 10, ...(pageParam && { cursor: pageParam }) };
      const { data } = await listActivity({ query, signal, throwOnError: true });
      return data;
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** What happened to one's account, so that what was not oneself is noticed. */
export function ActivitySection() {
  const activity = useInfiniteQuery(activityQuery());
  const lines = activity.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section aria-labelledby="activity" className="mt-12">
      <h2 id="activity" className="text-lg font-semibold tracking-tight">
        Activity
      </h2>
      <p className="mt-1 mb-4 text-sm text-muted">Was something not you? Change your password.</p>
      <Card>
        {activity.isPending && <RowsSkeleton rows={3} label="Loading your activity" />}
        {activity.isSuccess && lines.length === 0 && (
          <Empty icon={History} title="Nothing has happened yet" />
        )}
        <ul className="divide-y divide-line">
          {lines.map((line) => (
            <ActivityRow key={line.id} line={line} />
          ))}
        </ul>
        <ListEnd list={activity} isEmpty={lines.length === 0} />
      </Card>
    </section>
  );
}

function ActivityRow({ line }: { line: Activity }) {
  const from = [line.device, line.ip].filter(Boolean).join(", ");
  return (
    <li className="flex flex-wrap items-baseline justify-between gap-x-4 p-4">
      <div className="min-w-48 flex-1">
        <p className="font-medium">{ownSentence(line)}</p>
        <p className="text-sm text-muted">{from || "on the server"}</p>
      </div>
      <p className="text-sm text-muted">
        <Time value={line.at} isRelative />
      </p>
    </li>
  );
}
