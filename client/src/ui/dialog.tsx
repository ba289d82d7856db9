import { type ReactNode, useEffect, useId, useRef } from "react";

interface DialogProps {
  title: string;
  description?: string;
  /** Hides the page below, which may be somebody else's to see by now. */
  isOpaque?: boolean;
  /** Called when the person wants it gone (Esc). Without it, only what stands in the dialog closes it. */
  onClose?: () => void;
  children: ReactNode;
}

/**
 * A modal dialog, open as long as it is mounted. The browser makes the page below inert, keeps the focus inside and gives it
 * back afterwards.
 */
export function Dialog({ title, description, isOpaque, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();

  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    element?.querySelector<HTMLElement>("input:not([hidden]), [data-autofocus]")?.focus();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);

  return (
    <dialog
      ref={dialog}
      aria-labelledby={`${id}-title`}
      aria-describedby={description ? `${id}-description` : undefined}
      className={`m-auto w-[min(28rem,calc(100vw-2rem))] rounded-lg border border-line bg-surface p-6 text-text shadow-float ${isOpaque ? "opaque" : ""}`}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <h2 id={`${id}-title`} className="text-xl font-semibold tracking-tight text-balance">
        {title}
      </h2>
      {description && (
        <p id={`${id}-description`} className="mt-2 text-muted">
          {description}
        </p>
      )}
      <div className="mt-5">{children}</div>
    </dialog>
  );
}
