import { Alert } from "#ui/alert.tsx";
import { Button } from "#ui/button.tsx";

interface ConfirmButtonsProps {
  /** Why it did not work, as a sentence. */
  problem: string | undefined;
  pending: boolean;
  label: string;
  onCancel: () => void;
  onConfirm: () => void;
}

/** The end of a dialog that asks whether something that cannot be undone shall be done. */
export function ConfirmButtons({ problem, pending, label, onCancel, onConfirm }: ConfirmButtonsProps) {
  return (
    <div className="grid gap-5">
      {problem && <Alert tone="danger">{problem}</Alert>}
      <div className="flex flex-wrap-reverse justify-end gap-3">
        <Button variant="secondary" onClick={onCancel} data-autofocus>
          Cancel
        </Button>
        <Button variant="danger" pending={pending} onClick={onConfirm}>
          {label}
        </Button>
      </div>
    </div>
  );
}
