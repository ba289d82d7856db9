import { useNow } from "#ui/use-now.ts";

const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** How many seconds the server's clock may be off as this page knows it. */
const CLOCK_PRECISION = 2;

/** How long ago or until, in the largest unit that fits. */
export function relativeTime(moment: number, now: number): string {
  const seconds = Math.round((moment - now) / 1_000);
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  // A response may name a moment that the last reading of the server's clock has not reached.
  return seconds > CLOCK_PRECISION ? "in less than a minute" : "just now";
}

interface TimeProps {
  value: string;
  /** Shown as "5 minutes ago", with the moment itself on hover. */
  isRelative?: boolean;
}

export function Time({ value, isRelative = false }: TimeProps) {
  const moment = Date.parse(value);
  const now = useNow(30_000);
  return (
    <time dateTime={value} title={isRelative ? absolute.format(moment) : undefined} className="tabular-nums">
      {isRelative ? relativeTime(moment, now) : absolute.format(moment)}
    </time>
  );
}
