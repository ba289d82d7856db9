import { useEffect, useState } from "react";

/** Whole seconds left of `seconds`, counted anew for each `cause`. */
export function useCountdown(seconds: number, cause: unknown): number {
  const [counted, setCounted] = useState({ cause, left: seconds });
  useEffect(() => {
    if (seconds <= 0) return;
    const end = Date.now() + seconds * 1_000;
    const timer = setInterval(() => {
      // Not more than was asked for, should this device's clock be set back meanwhile.
      const left = Math.min(seconds, Math.max(0, Math.ceil((end - Date.now()) / 1_000)));
      setCounted((last) => (last.cause === cause && last.left === left ? last : { cause, left }));
      if (left === 0) clearInterval(timer);
    }, 250);
    return () => {
      clearInterval(timer);
    };
  }, [seconds, cause]);
  return counted.cause === cause ? counted.left : seconds;
}
