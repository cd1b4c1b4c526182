/** Entry of the dashboard: finds out who is signed in and shows the page at this address. */
import { effect } from "@preact/signals";
import { type ComponentChild, render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Frame } from "./frame.tsx";
import { later } from "./later.tsx";
import { page, startNavigation } from "./navigation.ts";
import { Problem, Waiting } from "./notice.tsx";
import { NowherePage } from "./nowhere.tsx";
import { HostsPage } from "./pages/hosts/hosts.tsx";
import { KeysPage } from "./pages/keys/keys.tsx";
import { LoginPage } from "./pages/login/login.tsx";
import { OverviewPage } from "./pages/overview/overview.tsx";
import { PlaygroundPage } from "./pages/playground/playground.tsx";
import { UsagePage } from "./pages/usage/usage.tsx";
import type { Path } from "./route.ts";
import { findSession, startProblem, startSession, user } from "./session.ts";

const EndpointsPage = later(
  "the endpoints",
  async () => (await import("./pages/endpoints/endpoints.tsx")).EndpointsPage,
);
const ModelsPage = later(
  "the models",
  async () => (await import("./pages/models/models.tsx")).ModelsPage,
);
const RoutingPage = later(
  "the routes",
  async () => (await import("./pages/routing/routing.tsx")).RoutingPage,
);
const SettingsPage = later(
  "the settings",
  async () => (await import("./pages/settings/settings.tsx")).SettingsPage,
);
const UsersPage = later(
  "the users",
  async () => (await import("./pages/users/users.tsx")).UsersPage,
);

const shown: Record<Path, { title: string; body(): ComponentChild }> = {
  "/": { title: "Overview", body: () => <OverviewPage /> },
  "/login": { title: "Sign in", body: () => null },
  "/playground": { title: "Playground", body: () => <PlaygroundPage /> },
  "/models": { title: "Shared models", body: () => <ModelsPage /> },
  "/endpoints": { title: "Endpoints", body: () => <EndpointsPage /> },
  "/keys": { title: "Keys", body: () => <KeysPage /> },
  "/routing": { title: "Routing", body: () => <RoutingPage /> },
  "/usage": { title: "Usage", body: () => <UsagePage /> },
  "/hosts": { title: "Hosts", body: () => <HostsPage /> },
  "/users": { title: "Users", body: () => <UsersPage /> },
  "/settings": { title: "Settings", body: () => <SettingsPage /> },
};

const title = (path: Path | undefined): string => (path ? shown[path].title : "Not found");

function App() {
  if (user.value === undefined) return <Starting />;
  if (user.value === null) return <LoginPage />;
  const path = page.value;
  return (
    <Frame>
      <Page key={path} path={path} />
    </Frame>
  );
}

function Starting() {
  const problem = startProblem.value;
  return (
    <div class="starting">
      {problem ? (
        <Problem problem={problem} retry={() => void findSession()} />
      ) : (
        <Waiting what="the dashboard" />
      )}
    </div>
  );
}

/** The first page keeps the browser's focus; each later one takes it, so that a reader hears its name. */
let first = true;

function Page({ path }: { path: Path | undefined }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!first) box.current?.querySelector("h1")?.focus({ preventScroll: true });
    first = false;
  }, []);
  return <div ref={box}>{path ? shown[path].body() : <NowherePage />}</div>;
}

startNavigation();
startSession();
effect(() => {
  document.title = `${user.value === null ? title("/login") : title(page.value)} · Hypervize`;
});
const app = document.getElementById("app");
if (app) {
  app.textContent = "";
  render(<App />, app);
}
