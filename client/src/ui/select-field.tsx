import type { ComponentProps } from "react";
import { FieldFrame, inputLook, useDescription } from "#ui/field.tsx";

interface SelectFieldProps extends Omit<ComponentProps<"select">, "className" | "id"> {
  label: string;
  name: string;
}

/** A choice among a few; the browser's own, which everybody knows how to use. */
export function SelectField({ label, children, ...rest }: SelectFieldProps) {
  const { id } = useDescription(undefined, undefined);
  return (
    <FieldFrame id={id} label={label}>
      <select id={id} className={inputLook} {...rest}>
        {children}
      </select>
    </FieldFrame>
  );
}
