import { queryOptions, useQuery } from "@tanstack/react-query";
import { serverTime } from "#api/gen/sdk.gen.ts";
import { useNow } from "#ui/use-now.ts";

/** How far the server's clock is ahead of this device's, in milliseconds; half of the way there and back is the way back. */
const clockOffsetQuery = () =>
  queryOptions({
    queryKey: ["server-time"],
    queryFn: async ({ signal }) => {
      const asked = Date.now();
      const { data } = await serverTime({ signal, throwOnError: true });
      return Date.parse(data.time) - (asked + Date.now()) / 2;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** The server's time, asked for once and ticking here. */
export function ServerClock() {
  const { data: offset, isError } = useQuery(clockOffsetQuery());
  const now = useNow(1_000);
  return (
    <p className="text-sm text-muted">
      Server time{" "}
      <span className="text-text tabular-nums">
        {offset === undefined ? (isError ? "not known right now" : "…") : clock.format(now + offset)}
      </span>
    </p>
  );
}
