import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { Avatar } from "#ui/avatar.tsx";
import { Button } from "#ui/button.tsx";
import { relativeTime } from "#ui/time.tsx";

const NOW = Date.parse("2026-01-02T12:00:00Z");

test.each([
  ["2026-01-02T11:59:40Z", "just now"],
  ["2026-01-02T11:55:00Z", "5 minutes ago"],
  ["2026-01-02T09:40:00Z", "2 hours ago"],
  ["2026-01-01T12:00:00Z", "yesterday"],
  ["2025-12-25T12:00:00Z", "8 days ago"],
  ["2026-01-09T11:59:00Z", "in 7 days"],
  ["2026-01-02T12:00:30Z", "in less than a minute"],
  ["2026-01-02T12:00:01Z", "just now"],
])("%s is %s", (moment, text) => {
  expect(relativeTime(Date.parse(moment), NOW)).toBe(text);
});

test.each([
  ["Alice Moore", "AM"],
  ["alice", "a"],
  ["amara.bergström-lund", "al"],
  ["👩‍🚀 Astro", "👩‍🚀A"],
  ["", ""],
])("the initials of %s are %s", (name, initials) => {
  const { container } = render(<Avatar name={name} />);
  expect(container).toHaveTextContent(initials);
  expect(container.textContent).toBe(initials);
});

test("a pending button keeps the focus and does nothing", async () => {
  const press = vi.fn();
  const { rerender } = render(<Button onClick={press}>Send</Button>);
  await userEvent.click(screen.getByRole("button", { name: "Send" }));
  rerender(
    <Button onClick={press} pending>
      Send
    </Button>,
  );
  const button = screen.getByRole("button");
  await userEvent.click(button);
  expect(press).toHaveBeenCalledTimes(1);
  expect(button).toHaveFocus();
  expect(button).toHaveAttribute("aria-disabled", "true");
});
