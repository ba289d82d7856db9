import { useEffect, useState } from "react";
import { followServerClock, serverNow } from "#ui/server-clock.ts";

/** The present moment by the server's clock, updated every so many milliseconds. */
export function useNow(every: number): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    const update = () => {
      setNow(serverNow());
    };
    const timer = setInterval(update, every);
    const unfollow = followServerClock(update);
    return () => {
      clearInterval(timer);
      unfollow();
    };
  }, [every]);
  return now;
}
