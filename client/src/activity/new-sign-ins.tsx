import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "#api/error.ts";
import { errorSentence } from "#api/error-sentence.ts";
import { answerForSignIn, listNewSignIns } from "#api/gen/sdk.gen.ts";
import type { NewSignIn } from "#api/gen/types.gen.ts";
import { ChangePasswordForm } from "#password/change-password-form.tsx";
import { Alert } from "#ui/alert.tsx";
import { Button } from "#ui/button.tsx";
import { Card } from "#ui/card.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { Time } from "#ui/time.tsx";

const KEY = ["new-sign-ins"];

function newSignInsQuery() {
  return queryOptions({
    queryKey: KEY,
    queryFn: async ({ signal }) => {
      const { data } = await listNewSignIns({ signal, throwOnError: true });
      return data.items;
    },
    staleTime: 60_000,
  });
}

/**
 * Asks, in a browser the person has used before, whether a sign-in from a new one was theirs. It stays mounted while the
 * session is away, so that a password half typed is not lost.
 */
export function NewSignIns({ isSignedIn }: { isSignedIn: boolean }) {
  const queryClient = useQueryClient();
  const { data = [] } = useQuery({ ...newSignInsQuery(), enabled: isSignedIn });
  const [isStranger, setStranger] = useState(false);
  const answer = useMutation({
    mutationFn: ({ session_id, was_me }: { session_id: string; was_me: boolean }) =>
      answerForSignIn({ path: { session_id }, body: { was_me }, throwOnError: true }),
    onSuccess: (_, { was_me }) => {
      for (const key of ["sessions", "tokens", "activity"])
        void queryClient.invalidateQueries({ queryKey: [key] });
      setStranger(!was_me);
    },
    onSettled: (_, error, { session_id }) => {
      // Answered elsewhere meanwhile: there is nothing left to ask.
      if (error && !(error instanceof ApiError && error.code === "not_found")) return;
      queryClient.setQueryData<NewSignIn[]>(KEY, (items) =>
        items?.filter((item) => item.session_id !== session_id),
      );
      answer.reset();
      document.getElementById("main")?.focus();
    },
  });
  const [signIn] = data;
  const close = () => {
    setStranger(false);
  };
  return (
    <>
      {signIn && (
        <section aria-labelledby="new-sign-in" aria-live="polite" className="mx-auto mb-8 max-w-3xl">
          <Card>
            <div className="grid gap-4 p-4 sm:flex sm:items-center sm:justify-between sm:gap-6">
              <div>
                <p id="new-sign-in" className="font-semibold">
                  Was this you?
                </p>
                <p className="mt-1 text-sm text-muted">
                  Your account was signed in to with {signIn.device}, from {signIn.ip},{" "}
                  <Time value={signIn.at} isRelative />. You had not used that browser before.
                </p>
              </div>
              <div className="flex shrink-0 gap-3">
                <Button
                  variant="secondary"
                  size="sm"
                  pending={answer.isPending}
                  onClick={() => {
                    answer.mutate({ session_id: signIn.session_id, was_me: true });
                  }}
                >
                  Yes, it was
                </Button>
                <Button
                  variant="danger"
                  size="sm"
                  pending={answer.isPending}
                  onClick={() => {
                    answer.mutate({ session_id: signIn.session_id, was_me: false });
                  }}
                >
                  No
                </Button>
              </div>
            </div>
            {answer.error && (
              <div className="px-4 pb-4">
                <Alert tone="danger">{errorSentence(answer.error)}</Alert>
              </div>
            )}
          </Card>
        </section>
      )}
      {isStranger && (
        <Dialog
          title="Choose a new password"
          description="That session has ended, and so has every other that was opened since. Whoever it was knows your password: choose another one now."
          onClose={close}
        >
          <ChangePasswordForm onDone={close}>
            <Button variant="secondary" onClick={close}>
              Later
            </Button>
          </ChangePasswordForm>
        </Dialog>
      )}
    </>
  );
}
