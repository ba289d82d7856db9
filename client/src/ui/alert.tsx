import { CircleAlert, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

const looks = {
  info: { look: "bg-accent-soft text-accent-text", Icon: Info },
  warning: { look: "bg-warning-soft text-warning-text", Icon: TriangleAlert },
  danger: { look: "bg-danger-soft text-danger-text", Icon: CircleAlert },
};

interface AlertProps {
  tone: keyof typeof looks;
  children: ReactNode;
}

/** A sentence that is read out as it appears: at once where something went wrong, politely otherwise. */
export function Alert({ tone, children }: AlertProps) {
  const { look, Icon } = looks[tone];
  return (
    <div
      role={tone === "danger" ? "alert" : "status"}
      className={`flex gap-3 rounded-md p-3 text-sm ${look}`}
    >
      <Icon size={18} className="mt-px shrink-0" aria-hidden />
      <div>{children}</div>
    </div>
  );
}
