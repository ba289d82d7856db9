import { type ComponentProps, type ReactNode, useId } from "react";

export const inputLook =
  "min-h-11 w-full rounded-md border border-control bg-surface px-3 text-base sm:min-h-10 " +
  "aria-invalid:border-danger aria-invalid:outline-danger";

interface FieldProps {
  label: string;
  error?: string | undefined;
  hint?: ReactNode;
}

interface TextFieldProps extends FieldProps, Omit<ComponentProps<"input">, "className" | "id"> {
  name: string;
}

/** Label, input, hint and error, wired together for everybody. */
export function TextField({ label, error, hint, ...rest }: TextFieldProps) {
  const { id, describedBy } = useDescription(error, hint);
  return (
    <FieldFrame id={id} label={label} error={error} hint={hint}>
      <input
        id={id}
        className={inputLook}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy}
        {...rest}
      />
    </FieldFrame>
  );
}

/** Ids for a field and for what is said about it. */
export function useDescription(error: string | undefined, hint: ReactNode) {
  const id = useId();
  const describedBy = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  return { id, describedBy };
}

export function FieldFrame({
  id,
  label,
  error,
  hint,
  children,
}: FieldProps & { id: string; children: ReactNode }) {
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      {children}
      {hint && (
        <p id={`${id}-hint`} className="text-sm text-muted">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="text-sm text-danger-text">
          {error}
        </p>
      )}
    </div>
  );
}

interface CheckboxFieldProps extends Omit<ComponentProps<"input">, "className" | "id" | "type"> {
  label: string;
  name: string;
}

export function CheckboxField({ label, ...rest }: CheckboxFieldProps) {
  const id = useId();
  return (
    <div className="flex items-center gap-2.5">
      <input id={id} type="checkbox" className="size-5 accent-accent sm:size-4" {...rest} />
      <label htmlFor={id} className="py-1 text-sm">
        {label}
      </label>
    </div>
  );
}
