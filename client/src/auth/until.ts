import type { QueryClient } from "@tanstack/react-query";

/** Waits until what the cache holds is such that `verdict` has one. */
export function until(queryClient: QueryClient, verdict: () => boolean | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = () => {
      const decided = verdict();
      if (decided === undefined) return;
      unsubscribe();
      resolve(decided);
    };
    const unsubscribe = queryClient.getQueryCache().subscribe(settle);
    settle();
  });
}
