import { Check, Copy } from "lucide-react";
import { useRef, useState } from "react";
import { Button } from "#ui/button.tsx";
import { Dialog } from "#ui/dialog.tsx";

interface CopyOnceDialogProps {
  title: string;
  description?: string;
  text: string;
  onClose: () => void;
}

const outcomes = {
  copied: "Copied.",
  selected: "Your browser does not allow copying here. The text is selected: press Ctrl+C, or ⌘C on a Mac.",
};

/** Shows a secret this once, to be copied. */
export function CopyOnceDialog({
  title,
  description = "You won't see it again. Store it like a password.",
  text,
  onClose,
}: CopyOnceDialogProps) {
  const shown = useRef<HTMLElement>(null);
  const [outcome, setOutcome] = useState<"copied" | "selected" | null>(null);
  const copy = async () => {
    try {
      // The types promise a clipboard everywhere; on plain http there is none.
      const { clipboard } = navigator as { clipboard?: Clipboard };
      if (clipboard === undefined) throw new DOMException("no clipboard", "NotSupportedError");
      await clipboard.writeText(text);
      setOutcome("copied");
    } catch {
      if (shown.current) getSelection()?.selectAllChildren(shown.current);
      setOutcome("selected");
    }
  };
  return (
    // Without onClose: Esc does not take away what is never shown again.
    <Dialog title={title} description={description}>
      <div className="grid gap-5">
        {/* A translation would change it. */}
        <code
          ref={shown}
          translate="no"
          className="rounded-md bg-sunken p-3 text-sm break-all select-all"
          data-testid="secret"
        >
          {text}
        </code>
        <p role="status" className="min-h-5 text-sm text-muted">
          {outcome && outcomes[outcome]}
        </p>
        <div className="flex flex-wrap-reverse justify-end gap-3">
          <Button variant="secondary" onClick={onClose}>
            Done
          </Button>
          <Button onClick={() => void copy()} data-autofocus>
            {outcome === "copied" ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
            <span>Copy</span>
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
