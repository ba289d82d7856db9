import type { ComponentProps } from "react";
import { Link } from "react-router";

type Variant = "primary" | "secondary" | "danger" | "quiet";
type Size = "md" | "sm";

const variants: Record<Variant, string> = {
  primary: "bg-accent text-on-accent hover:bg-accent-hover",
  secondary: "border border-control bg-surface hover:bg-sunken",
  danger: "bg-danger text-on-danger hover:bg-danger-hover",
  quiet: "hover:bg-sunken",
};

const sizes: Record<Size, string> = {
  md: "min-h-11 px-4 text-base sm:min-h-10 sm:text-sm",
  sm: "min-h-9 px-3 text-sm",
};

const common =
  "relative inline-flex items-center justify-center gap-2 rounded-md font-medium whitespace-nowrap " +
  "transition-colors duration-150 select-none aria-disabled:cursor-default aria-disabled:opacity-70";

function look(variant: Variant, size: Size): string {
  return `${common} ${variants[variant]} ${sizes[size]}`;
}

interface ButtonProps extends Omit<ComponentProps<"button">, "className"> {
  variant?: Variant;
  size?: Size;
  /** Something is under way. The button keeps its width and the focus, and does nothing meanwhile. */
  pending?: boolean;
  /** Its time has not come yet. It keeps the focus, and does nothing until then. */
  waiting?: boolean;
}

export function Button({
  variant = "primary",
  size = "md",
  type = "button",
  pending = false,
  waiting = false,
  onClick,
  children,
  ...rest
}: ButtonProps) {
  return (
    <button
      type={type}
      className={look(variant, size)}
      // Not `disabled`: that would lose the focus.
      aria-disabled={pending || waiting || undefined}
      onClick={
        pending || waiting
          ? (event) => {
              event.preventDefault();
            }
          : onClick
      }
      {...rest}
    >
      <span className={`inline-flex items-center gap-2 ${pending ? "invisible" : ""}`}>{children}</span>
      {pending && (
        <span className="absolute inset-0 grid place-items-center">
          <span
            className="size-4 animate-spin rounded-full border-2 border-current border-e-transparent"
            aria-hidden
          />
          <span className="sr-only" role="status">
            Please wait
          </span>
        </span>
      )}
    </button>
  );
}

interface ButtonLinkProps extends Omit<ComponentProps<typeof Link>, "className"> {
  variant?: Variant;
  size?: Size;
}

export function ButtonLink({ variant = "primary", size = "md", ...rest }: ButtonLinkProps) {
  return <Link className={look(variant, size)} {...rest} />;
}
