import { LoadError } from "#api/load-error.tsx";
import { Button } from "#ui/button.tsx";

interface PagedList {
  error: Error | null;
  isError: boolean;
  isFetching: boolean;
  isFetchingNextPage: boolean;
  hasNextPage: boolean;
  refetch: () => Promise<unknown>;
  fetchNextPage: () => Promise<unknown>;
}

/** What stands below the pages of a list: the way to the next one, or why there is none. */
export function ListEnd({ list, isEmpty }: { list: PagedList; isEmpty: boolean }) {
  if (list.isError && list.error)
    return (
      <LoadError
        error={list.error}
        retry={() => void (isEmpty ? list.refetch() : list.fetchNextPage())}
        isRetrying={list.isFetching}
      />
    );
  if (!list.hasNextPage) return null;
  return (
    <div className="flex justify-center border-t border-line p-4">
      <Button
        variant="secondary"
        size="sm"
        pending={list.isFetchingNextPage}
        onClick={() => void list.fetchNextPage()}
      >
        Show more
      </Button>
    </div>
  );
}
