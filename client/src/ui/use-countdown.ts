import { useEffect, useState } from "react";

/** Seconds left of `seconds`, counted anew for each `cause`. */
export function useCountdown(seconds: number, cause: unknown): number {
  const [left, setLeft] = useState(seconds);
  useEffect(() => {
    const end = Date.now() + seconds * 1_000;
    const tick = () => {
      setLeft(Math.max(0, Math.ceil((end - Date.now()) / 1_000)));
    };
    tick();
    if (seconds <= 0) return;
    const timer = setInterval(tick, 250);
    return () => {
      clearInterval(timer);
    };
  }, [seconds, cause]);
  return left;
}
