import { Eye, EyeOff } from "lucide-react";
import { type ComponentProps, useState } from "react";
import { FieldFrame, inputLook, useDescription } from "#ui/field.tsx";

interface PasswordFieldProps extends Omit<ComponentProps<"input">, "className" | "id" | "type"> {
  label: string;
  name: string;
  error?: string | undefined;
}

/** A password that can be looked at while typing (NIST SP 800-63B-4, 3.1.1.2). */
export function PasswordField({ label, error, ...rest }: PasswordFieldProps) {
  const [isShown, setShown] = useState(false);
  const { id, describedBy } = useDescription(error, undefined);
  const Icon = isShown ? EyeOff : Eye;
  return (
    <FieldFrame id={id} label={label} error={error}>
      <div className="relative">
        <input
          id={id}
          type={isShown ? "text" : "password"}
          className={`${inputLook} pe-12`}
          aria-invalid={error ? true : undefined}
          aria-describedby={describedBy}
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          {...rest}
        />
        <button
          type="button"
          className="absolute inset-y-0 end-0 grid w-11 place-items-center rounded-md text-muted hover:text-text"
          aria-label="Show password"
          aria-pressed={isShown}
          onClick={() => {
            setShown(!isShown);
          }}
        >
          <Icon size={18} aria-hidden />
        </button>
      </div>
    </FieldFrame>
  );
}
