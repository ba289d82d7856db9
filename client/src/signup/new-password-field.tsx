import { useId, useState } from "react";
import { useFeatures } from "#auth/features.ts";
import { judgePassword } from "#signup/judge-password.ts";
import { PasswordField } from "#ui/password-field.tsx";

interface NewPasswordFieldProps {
  label?: string;
  /** What a password must not be made of: names and addresses of the person. */
  about: () => string[];
  error?: string | undefined;
}

/** A new password, with advice while it is typed. */
export function NewPasswordField({ label = "Password", about, error }: NewPasswordFieldProps) {
  const { features } = useFeatures();
  const [judgement, setJudgement] = useState<ReturnType<typeof judgePassword> | null>(null);
  const id = useId();
  return (
    <div className="grid gap-1.5">
      <PasswordField
        label={label}
        name="password"
        autoComplete="new-password"
        required
        error={error && `The password ${error}.`}
        onChange={(event) => {
          const { value } = event.target;
          setJudgement(value ? judgePassword(value, about(), features?.password.min_length) : null);
        }}
      />
      <p id={id} role="status" className="min-h-5 text-sm text-muted">
        {judgement === null ? (
          "A few unrelated words make a good one."
        ) : (
          <span className={judgement.isGood ? "text-accent-text" : ""}>{judgement.sentence}</span>
        )}
      </p>
    </div>
  );
}
