/** Rows of a list that is still loading, as high as the real ones. */
export function RowsSkeleton({ rows, label }: { rows: number; label: string }) {
  return (
    <div role="status" className="late divide-y divide-line">
      <span className="sr-only">{label}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex items-center gap-4 p-4">
          <span className="skeleton size-10 rounded-full" />
          <span className="grid flex-1 gap-2">
            <span className="skeleton h-4 w-2/5" />
            <span className="skeleton h-3 w-3/5" />
          </span>
        </div>
      ))}
    </div>
  );
}

/** A page that is still loading. */
export function PageSkeleton() {
  return (
    <div role="status" className="late mx-auto grid w-full max-w-3xl gap-6">
      <span className="sr-only">Loading</span>
      <span className="skeleton h-8 w-1/3" />
      <span className="skeleton h-40" />
    </div>
  );
}
