import { ApiError } from "#api/error.ts";
import { useCountdown } from "#ui/use-countdown.ts";

/** After how many seconds the server wants to be asked again; 0 where it does not say. */
export function retryAfter(error: Error | null): number {
  return error instanceof ApiError ? (error.retryAfter ?? 0) : 0;
}

/** How many seconds of that are left. */
export function useWait(error: Error | null): number {
  return useCountdown(retryAfter(error), error);
}
