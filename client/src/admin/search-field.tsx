import { useEffect, useState } from "react";
import { TextField } from "#ui/field.tsx";

const TYPING_PAUSE = 250;

interface SearchFieldProps {
  label: string;
  name: string;
  value: string;
  onChange: (value: string) => void;
}

/** A text to look for, given on when typing pauses. */
export function SearchField({ label, name, value, onChange }: SearchFieldProps) {
  const [typed, setTyped] = useState(value);
  useEffect(() => {
    if (typed === value) return;
    const { pathname } = location;
    const timer = setTimeout(() => {
      // Who has left for another page, which may still be loading, is not called back.
      if (location.pathname === pathname) onChange(typed);
    }, TYPING_PAUSE);
    return () => {
      clearTimeout(timer);
    };
  }, [typed, value, onChange]);
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
