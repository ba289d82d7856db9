import { ApiError } from "#api/error.ts";
import { errorSentence } from "#api/error-sentence.ts";
import type { Session } from "#api/gen/types.gen.ts";
import { useEndOtherSessions, useEndSession } from "#sessions/queries.ts";
import { ConfirmButtons } from "#ui/confirm-buttons.tsx";
import { Dialog } from "#ui/dialog.tsx";

interface DialogProps {
  onClose: () => void;
  /** Done, with a sentence that says so. */
  onDone: (sentence: string) => void;
}

export function EndSessionDialog({ session, onClose, onDone }: DialogProps & { session: Session }) {
  const end = useEndSession();
  const done = () => {
    onDone(`The session of ${session.device} has ended.`);
  };
  const confirm = () => {
    end.mutate(session.id, {
      onSuccess: done,
      onError: (error) => {
        // Somebody was quicker: it has ended all the same.
        if (error instanceof ApiError && error.code === "not_found") done();
      },
    });
  };
  return (
    <Dialog
      title={`End the session of ${session.device}?`}
      description={`It was opened from ${session.ip}. Whoever uses it is signed out at once.`}
      onClose={onClose}
    >
      <ConfirmButtons
        problem={end.error ? errorSentence(end.error) : undefined}
        pending={end.isPending}
        onCancel={onClose}
        onConfirm={confirm}
        label="End session"
      />
    </Dialog>
  );
}

export function EndOthersDialog({ count, onClose, onDone }: DialogProps & { count: number }) {
  const endOthers = useEndOtherSessions();
  const confirm = () => {
    endOthers.mutate(undefined, {
      onSuccess: (ended) => {
        onDone(ended === 1 ? "One session has ended." : `${String(ended)} sessions have ended.`);
      },
    });
  };
  return (
    <Dialog
      title={count === 1 ? "End the other session?" : `End the ${String(count)} other sessions?`}
      description="You stay signed in on this device. Everywhere else you are signed out at once."
      onClose={onClose}
    >
      <ConfirmButtons
        problem={endOthers.error ? errorSentence(endOthers.error) : undefined}
        pending={endOthers.isPending}
        onCancel={onClose}
        onConfirm={confirm}
        label={count === 1 ? "End it" : "End them"}
      />
    </Dialog>
  );
}
