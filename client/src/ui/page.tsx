import { type ReactNode, useEffect, useRef } from "react";
import { useLocation } from "react-router";

const widths = { form: "max-w-sm", settings: "max-w-3xl" };

interface PageProps {
  /** What the browser tab says. */
  title: string;
  /** What the page says; the title where it is left out. */
  heading?: ReactNode;
  intro?: ReactNode;
  width?: keyof typeof widths;
  /** A form takes the focus itself. */
  focusHeading?: boolean;
  children?: ReactNode;
}

/** A page: its title, its one heading, and the focus on it after navigation, for those who do not see that the page changed. */
export function Page({
  title,
  heading,
  intro,
  width = "settings",
  focusHeading = true,
  children,
}: PageProps) {
  const h1 = useRef<HTMLHeadingElement>(null);
  const isFirst = useLocation().key === "default";
  useEffect(() => {
    scrollTo(0, 0);
    if (!isFirst && focusHeading) h1.current?.focus({ preventScroll: true });
    // Once for each page that opens, not for changes of its address.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  return (
    <div className={`mx-auto w-full ${widths[width]}`}>
      <title>{`${title} · Hallpass`}</title>
      <h1 ref={h1} tabIndex={-1} className="text-2xl font-semibold tracking-tight text-balance">
        {heading ?? title}
      </h1>
      {intro && <p className="mt-2 max-w-prose text-muted">{intro}</p>}
      {children}
    </div>
  );
}
