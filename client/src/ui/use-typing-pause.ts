import { useEffect, useEffectEvent } from "react";

const TYPING_PAUSE = 250;

/** Gives on what was typed when typing pauses, where it differs from what was given on before. */
export function useTypingPause(typed: string, given: string, giveOn: (typed: string) => void): void {
  const onPause = useEffectEvent(giveOn);
  useEffect(() => {
    if (typed === given) return;
    const { pathname } = location;
    const timer = setTimeout(() => {
      // Who has left for another page, which may still be loading, is not called back.
      if (location.pathname === pathname) onPause(typed);
    }, TYPING_PAUSE);
    return () => {
      clearTimeout(timer);
    };
  }, [typed, given]);
}
