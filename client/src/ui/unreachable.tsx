import { CloudOff } from "lucide-react";
import { Empty } from "#ui/empty.tsx";
import { Page } from "#ui/page.tsx";

/** Nobody knows yet whether the person is signed in. */
export function UnreachablePage() {
  return (
    <Page title="Cannot reach the server">
      <Empty icon={CloudOff} title="This page appears as soon as the server answers." />
    </Page>
  );
}
