import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { MemoryRouter, useLocation } from "react-router";
import { configureApi } from "#api/client.ts";
import { createQueryClient } from "#api/query-client.ts";
import { App } from "#app.tsx";
import { createGate } from "#auth/gate.ts";
import { mode } from "#auth/mode/current.ts";
import { SESSION_KEY } from "#auth/session.ts";

function Where() {
  const { pathname, search, hash } = useLocation();
  return <output data-testid="where">{pathname + search + hash}</output>;
}

/** Renders something of the app with a cache and an API connection of its own. */
export function renderWith(children: ReactNode, path = "/"): QueryClient {
  const queryClient = createQueryClient(SESSION_KEY);
  configureApi(createGate(queryClient), mode.send);
  render(
    <QueryClientProvider client={queryClient}>
      <MemoryRouter initialEntries={[path]}>
        {children}
        <Where />
      </MemoryRouter>
    </QueryClientProvider>,
  );
  return queryClient;
}

/** The whole app, opened at `path`. */
export function renderApp(path: string): QueryClient {
  return renderWith(<App />, path);
}
