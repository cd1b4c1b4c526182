/** What surrounds every page: navigation, who is signed in, and whether the page is up to date. */
import type { ComponentChildren } from "preact";
import { scheme, toggleScheme } from "./color-scheme.ts";
import { connection } from "./events.ts";
import { Icon, type IconName } from "./icons.tsx";
import { page } from "./navigation.ts";
import type { Path } from "./route.ts";
import { isAdmin, signOut, user } from "./session.ts";
import { Wordmark } from "./wordmark.tsx";

const links: readonly { to: Path; name: string; icon: IconName; admin?: boolean }[] = [
  { to: "/", name: "Overview", icon: "overview" },
  { to: "/playground", name: "Playground", icon: "playground" },
  { to: "/models", name: "Shared models", icon: "models" },
  { to: "/endpoints", name: "Endpoints", icon: "endpoints" },
  { to: "/keys", name: "Keys", icon: "keys" },
  { to: "/usage", name: "Usage", icon: "usage" },
  { to: "/hosts", name: "Hosts", icon: "hosts" },
  { to: "/routing", name: "Routing", icon: "routing", admin: true },
  { to: "/users", name: "Users", icon: "users", admin: true },
  { to: "/settings", name: "Settings", icon: "settings", admin: true },
];

export function Frame({ children }: { children: ComponentChildren }) {
  return (
    <div class="frame">
      <a class="skip" href="#content">
        Skip to content
      </a>
      <div class="side">
        <a class="home" href="/">
          <Wordmark />
        </a>
        <Navigation />
        <Account />
      </div>
      <main id="content">
        <ConnectionLost />
        {children}
      </main>
    </div>
  );
}

function Navigation() {
  return (
    <nav aria-label="Pages">
      {links
        .filter(({ admin }) => !admin || isAdmin.value)
        .map(({ to, name, icon }) => (
          <a key={to} href={to} {...(page.value === to && { "aria-current": "page" as const })}>
            <Icon name={icon} />
            {name}
          </a>
        ))}
      <a href="/docs">
        <Icon name="docs" />
        Docs
      </a>
    </nav>
  );
}

function Account() {
  const signedIn = user.value;
  if (!signedIn) return null;
  return (
    <div class="account">
      <p class="who">
        <span class="who-name">{signedIn.name || signedIn.email}</span>
        <span class="who-role">{signedIn.role}</span>
      </p>
      <SchemeToggle />
      <button
        type="button"
        class="bare"
        aria-label="Sign out"
        title="Sign out"
        onClick={() => void signOut()}
      >
        <Icon name="leave" />
      </button>
    </div>
  );
}

export function SchemeToggle() {
  const other = scheme.value === "dark" ? "light" : "dark";
  return (
    <button
      type="button"
      class="bare"
      aria-label={`Use the ${other} theme`}
      title={`Use the ${other} theme`}
      onClick={toggleScheme}
    >
      <Icon name={other === "light" ? "sun" : "moon"} />
    </button>
  );
}

function ConnectionLost() {
  return (
    <div role="status">
      {connection.value === "lost" && (
        <p class="lost">
          The connection to the appliance is lost; what you see may be old. It reconnects
          automatically.
        </p>
      )}
    </div>
  );
}
