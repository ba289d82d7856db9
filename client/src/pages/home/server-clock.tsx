import { queryOptions, useQuery } from "@tanstack/react-query";
import { serverTime } from "#api/gen/sdk.gen.ts";
import { readServerClock } from "#ui/server-clock.ts";
import { useNow } from "#ui/use-now.ts";

/** Reads the server's clock to the microsecond; other responses tell whole seconds. */
const serverTimeQuery = () =>
  queryOptions({
    queryKey: ["server-time"],
    queryFn: async ({ signal }) => {
      const sent = Date.now();
      const { data } = await serverTime({ signal, throwOnError: true });
      readServerClock({ shown: Date.parse(data.time), precision: 0, sent, received: Date.now() });
      return data.time;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** The server's time, asked for once and ticking here. */
export function ServerClock() {
  const { isSuccess, isError } = useQuery(serverTimeQuery());
  const now = useNow(1_000);
  const shown = isSuccess ? clock.format(now) : isError ? "not known right now" : "…";
  return (
    <p className="text-sm text-muted">
      <span>Server time </span>
      <span className="text-text tabular-nums">{shown}</span>
    </p>
  );
}
