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

// The types promise it everywhere; Firefox has it since 125.
const { Segmenter } = Intl as { Segmenter?: typeof Intl.Segmenter };
const letters = Segmenter && new Segmenter(undefined, { granularity: "grapheme" });

function firstLetter(word = ""): string {
  if (letters === undefined) return Array.from(word)[0] ?? "";
  const [first] = letters.segment(word);
  return first?.segment ?? "";
}
