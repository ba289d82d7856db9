import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

interface EmptyProps {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
}

/** Where there is nothing to show: what that means, and what to do. */
export function Empty({ icon: Icon, title, children }: EmptyProps) {
  return (
    <div className="grid justify-items-center gap-3 px-4 py-12 text-center">
      <Icon size={28} className="text-muted" aria-hidden />
      <p className="font-medium">{title}</p>
      {children}
    </div>
  );
}
