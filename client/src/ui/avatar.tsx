/** A person's initials; decoration beside the name. */
export function Avatar({ name }: { name: string }) {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  const initials = [words[0], words.length > 1 ? words.at(-1) : undefined].map(firstLetter);
  return (
    <span
      aria-hidden
      className="grid size-10 shrink-0 place-items-center rounded-full bg-accent-soft text-sm font-medium text-accent-text uppercase"
    >
      {initials.join("")}
    </span>
  );
}

const letters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function firstLetter(word = ""): string {
  const [first] = letters.segment(word);
  return first?.segment ?? "";
}
