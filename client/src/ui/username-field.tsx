import type { ComponentProps } from "react";
import { TextField } from "#ui/field.tsx";

/** Asks for a name that a computer compares: nothing corrects it. */
export function UsernameField(props: Omit<ComponentProps<typeof TextField>, "name"> & { name?: string }) {
  return (
    <TextField
      name="username"
      autoCapitalize="none"
      autoCorrect="off"
      spellCheck={false}
      required
      {...props}
    />
  );
}

/** Tells password managers, which look for a username beside a password, whose the password is. */
export function KnownUsername({ username }: { username: string }) {
  return <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />;
}
