import { Monitor, Smartphone, Terminal } from "lucide-react";

/** A picture of the kind of device; the name beside it says it in words. */
export function DeviceIcon({ device }: { device: string }) {
  const Icon = / on (iPhone|iPad|iPod|Android)/.test(device)
    ? Smartphone
    : device.includes(" on ")
      ? Monitor
      : Terminal;
  return (
    <span className="grid size-10 shrink-0 place-items-center rounded-full bg-sunken text-muted">
      <Icon size={20} aria-hidden />
    </span>
  );
}
