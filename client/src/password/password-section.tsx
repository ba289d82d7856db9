import { useState } from "react";
import { ChangePasswordForm } from "#password/change-password-form.tsx";
import { Alert } from "#ui/alert.tsx";
import { Card } from "#ui/card.tsx";

/** Choosing another password, which ends all other sessions. */
export function PasswordSection() {
  const [isChanged, setChanged] = useState(false);
  return (
    <section aria-labelledby="password" className="mt-12">
      <h2 id="password" className="text-lg font-semibold tracking-tight">
        Password
      </h2>
      <p className="mt-1 mb-4 text-sm text-muted">
        Changing it signs you out everywhere else. A few unrelated words make a good one.
      </p>
      <Card>
        <div className="grid max-w-sm gap-5 p-4">
          {isChanged && <Alert tone="info">Your password is changed.</Alert>}
          <ChangePasswordForm
            onDone={() => {
              setChanged(true);
            }}
          />
        </div>
      </Card>
    </section>
  );
}
