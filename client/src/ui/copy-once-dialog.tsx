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

/** Shows a secret this once, to be copied. */
export function CopyOnceDialog({
  title,
  description = "It is shown this once. Keep it like a password.",
  text,
  onClose,
}: CopyOnceDialogProps) {
  const shown = useRef<HTMLElement>(null);
  const [copied, setCopied] = useState<boolean | null>(null);
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => {
        setCopied(true);
      },
      () => {
        // Not allowed here: marked, so that the keyboard can do it.
        if (shown.current) getSelection()?.selectAllChildren(shown.current);
        setCopied(false);
      },
    );
  };
  return (
    // Without onClose: Esc does not take away what is never shown again.
    <Dialog title={title} description={description}>
      <div className="grid gap-5">
        <code
          ref={shown}
          className="rounded-md bg-sunken p-3 text-sm break-all select-all"
          data-testid="secret"
        >
          {text}
        </code>
        <p role="status" className="min-h-5 text-sm text-muted">
          {copied === true && "Copied."}
          {copied === false && "Your browser does not allow copying. It is marked: press Ctrl+C."}
        </p>
        <div className="flex flex-wrap-reverse justify-end gap-3">
          <Button variant="secondary" onClick={onClose}>
            Done
          </Button>
          <Button onClick={copy} data-autofocus>
            {copied === true ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
            Copy
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
