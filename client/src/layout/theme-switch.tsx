import { useId, useState } from "react";
import { type Theme, chosenTheme, chooseTheme } from "#layout/theme.ts";

/** System, light or dark. */
export function ThemeSwitch() {
  const id = useId();
  const [theme, setTheme] = useState(chosenTheme);
  return (
    <div className="flex items-center gap-2">
      <label htmlFor={id}>Theme</label>
      <select
        id={id}
        value={theme}
        className="min-h-9 rounded-md border border-control bg-surface px-2 text-text"
        onChange={(event) => {
          const chosen = event.target.value as Theme;
          setTheme(chosen);
          chooseTheme(chosen);
        }}
      >
        <option value="system">System</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </div>
  );
}
