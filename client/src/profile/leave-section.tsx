import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import { errorSentence } from "#api/error-sentence.ts";
import { exportProfile } from "#api/gen/sdk.gen.ts";
import { usePageOwner } from "#auth/session.ts";
import { DeleteAccountDialog } from "#profile/delete-account-dialog.tsx";
import { Alert } from "#ui/alert.tsx";
import { Button } from "#ui/button.tsx";
import { Card } from "#ui/card.tsx";

/** Taking one's data along, and leaving. */
export function LeaveSection() {
  const owner = usePageOwner();
  const [isLeaving, setLeaving] = useState(false);
  const download = useMutation({
    mutationFn: async () => {
      const { data } = await exportProfile({ throwOnError: true });
      save(`hallpass-${owner?.username ?? "me"}.json`, JSON.stringify(data, null, 2));
    },
  });
  return (
    <section aria-labelledby="leave" className="mt-12">
      <h2 id="leave" className="text-lg font-semibold tracking-tight">
        Your data
      </h2>
      <p className="mt-1 mb-4 text-sm text-muted">
        Everything that is stored about you is yours to take or to delete.
      </p>
      <Card>
        <div className="grid gap-4 p-4">
          {download.error && <Alert tone="danger">{errorSentence(download.error)}</Alert>}
          <div className="flex flex-wrap gap-3">
            <Button
              variant="secondary"
              pending={download.isPending}
              onClick={() => {
                download.mutate();
              }}
            >
              <Download size={16} aria-hidden />
              Download my data
            </Button>
            <Button
              variant="secondary"
              onClick={() => {
                setLeaving(true);
              }}
            >
              Delete my account
            </Button>
          </div>
        </div>
      </Card>
      {isLeaving && owner && (
        <DeleteAccountDialog
          username={owner.username}
          onClose={() => {
            setLeaving(false);
          }}
        />
      )}
    </section>
  );
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 10_000);
}
