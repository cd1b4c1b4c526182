/** Who is signed in. Null: nobody; undefined: not known yet. */
import { computed, effect, signal } from "@preact/signals";
import type { Role, SignedIn } from "../src/app/control-api.ts";
import * as api from "./api.ts";
import { startLive, stopLive } from "./events.ts";
import { navigate, page, search, target } from "./navigation.ts";
import { forgetAll } from "./remote.ts";
import { loginFor, targetAfterLogin } from "./route.ts";

export const user = signal<SignedIn | null | undefined>(undefined);
export const startProblem = signal<api.ApiProblem | undefined>(undefined);

const rank: Record<Role, number> = { viewer: 1, member: 2, admin: 3 };

/** For what is shown; the server checks every action again. */
export const can = (least: Role): boolean => rank[user.value?.role ?? "viewer"] >= rank[least];
export const isAdmin = computed(() => user.value?.role === "admin");

const endings: (() => void)[] = [];
let lastId: string | undefined;

/** END runs before somebody else can look; whatever holds a person's content registers here. */
export function whenSessionEnds(end: () => void): void {
  endings.push(end);
}

export async function findSession(): Promise<void> {
  startProblem.value = undefined;
  try {
    user.value = (await api.me()).user;
    lastId = user.value.id;
  } catch (error) {
    if (user.value === undefined) startProblem.value = api.asProblem(error);
  }
}

/** Throws the ApiProblem for a wrong password. */
export async function signIn(email: string, password: string): Promise<void> {
  const { user: entered } = await api.login({ email, password });
  // After an expired session the same person finds their page as they left it, another one does not.
  if (entered.id !== lastId) forget();
  lastId = entered.id;
  user.value = entered;
}

/** Leaves even when the server cannot be told; its session then ends on its own. */
export async function signOut(): Promise<void> {
  await api.logout().catch(() => undefined);
  forget();
  user.value = null;
  navigate("/login");
}

function forget(): void {
  for (const end of endings) end();
  forgetAll();
}

/** Call once: keeps the address, the live connection and the session in step. */
export function startSession(): void {
  api.whenSignedOut(() => {
    user.value = null;
  });
  effect(() => {
    const signedIn = user.value;
    if (signedIn === undefined) return;
    if (signedIn === null) {
      stopLive();
      if (page.value !== "/login") navigate(loginFor(target.value), "replace");
      return;
    }
    startLive(() => void findSession());
    if (page.value === "/login") navigate(targetAfterLogin(search.value), "replace");
  });
  void findSession();
}
