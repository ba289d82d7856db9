import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { CrashBoundary } from "#layout/crash-boundary.tsx";
import { renderWith } from "#testing/app.tsx";

test("a page that crashes says so and can be tried again", async () => {
  let isBroken = true;
  function Fragile() {
    if (isBroken) throw new Error("it broke");
    return <p>mended</p>;
  }
  const logged = vi.mocked(console.error).mockImplementation(() => undefined);
  renderWith(
    <CrashBoundary resetKey="a">
      <Fragile />
    </CrashBoundary>,
  );
  expect(screen.getByRole("heading", { name: "Something went wrong" })).toBeInTheDocument();
  expect(screen.getByText("it broke")).toBeInTheDocument();
  isBroken = false;
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(screen.getByText("mended")).toBeInTheDocument();
  logged.mockClear();
});
