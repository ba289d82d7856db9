import { paths } from "#paths.ts";
import { ButtonLink } from "#ui/button.tsx";
import { Page } from "#ui/page.tsx";

export function NotFoundPage() {
  return (
    <Page
      title="Page not found"
      intro="There is no page at this address. It may have been moved, or the link is wrong."
    >
      <div className="mt-6">
        <ButtonLink to={paths.home()}>Go home</ButtonLink>
      </div>
    </Page>
  );
}
