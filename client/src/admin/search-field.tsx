import { useState } from "react";
import { TextField } from "#ui/field.tsx";
import { useTypingPause } from "#ui/use-typing-pause.ts";

interface SearchFieldProps {
  label: string;
  name: string;
  value: string;
  onChange: (value: string) => void;
}

/** A text to look for, given on when typing pauses. */
export function SearchField({ label, name, value, onChange }: SearchFieldProps) {
  const [typed, setTyped] = useState(value);
  useTypingPause(typed, value, onChange);
  return (
    <TextField
      label={label}
      name={name}
      type="search"
      value={typed}
      maxLength={100}
      autoComplete="off"
      onChange={(event) => {
        setTyped(event.target.value);
      }}
    />
  );
}
