import { ApiError } from "#api/error.ts";
import { errorSentence } from "#api/error-sentence.ts";
import type { Token } from "#api/gen/types.gen.ts";
import { useRevokeToken } from "#tokens/queries.ts";
import { ConfirmButtons } from "#ui/confirm-buttons.tsx";
import { Dialog } from "#ui/dialog.tsx";

interface RevokeTokenDialogProps {
  token: Token;
  onClose: () => void;
  onDone: (sentence: string) => void;
}

export function RevokeTokenDialog({ token, onClose, onDone }: RevokeTokenDialogProps) {
  const revoke = useRevokeToken();
  const done = () => {
    onDone(`The token “${token.name}” is revoked.`);
  };
  const confirm = () => {
    revoke.mutate(token.id, {
      onSuccess: done,
      onError: (error) => {
        // Somebody was quicker: it is revoked all the same.
        if (error instanceof ApiError && error.code === "not_found") done();
      },
    });
  };
  return (
    <Dialog
      title={`Revoke “${token.name}”?`}
      description="Whatever uses it is refused at once. This cannot be undone."
      onClose={onClose}
    >
      <ConfirmButtons
        problem={revoke.error ? errorSentence(revoke.error) : undefined}
        pending={revoke.isPending}
        onCancel={onClose}
        onConfirm={confirm}
        label="Revoke"
      />
    </Dialog>
  );
}
