import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { configureApi } from "#api/client.ts";
import { createQueryClient } from "#api/query-client.ts";
import { App } from "#app.tsx";
import "#app.css";
import { createGate } from "#auth/gate.ts";
import { mode } from "#auth/mode/current.ts";
import { SESSION_KEY, sessionQuery } from "#auth/session.ts";
import { preloadPage } from "#pages/pages.ts";

const queryClient = createQueryClient(SESSION_KEY);
configureApi(createGate(queryClient), mode.send);
// Asked for at once, not when the first component wants to know; a failure is for them to see.
queryClient.query(sessionQuery()).catch(() => undefined);
preloadPage(location.pathname);

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <BrowserRouter>
        <App />
      </BrowserRouter>
    </QueryClientProvider>
  </StrictMode>,
);
