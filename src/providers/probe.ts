/** Asks a provider what it has, for an admin who wants to know whether address and key are right. */

export interface Probed {
  ok: boolean;
  /** One sentence. */
  message: string;
  models?: string[];
}

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const patience_ms = 10_000;
const shown_max = 500;

export async function probe(
  { name, base_url }: { name: string; base_url: string },
  key: string,
  fetch: Fetch,
): Promise<Probed> {
  try {
    const response = await fetch(`${base_url}/models`, {
      headers: key === "" ? {} : { authorization: `Bearer ${key}` },
      // Elsewhere the key would be somebody else's.
      redirect: "manual",
      signal: AbortSignal.timeout(patience_ms),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      return { ok: false, message: `${name} ${wrong(response.status)}` };
    }
    const models = namesIn(await response.json());
    return { ok: true, models, message: `${name} answers, and has ${models.length} models.` };
  } catch {
    // The error's own text may hold the address with whatever a proxy has added to it.
    return {
      ok: false,
      message: `${name} could not be reached. Check its address, and whether this machine may go there.`,
    };
  }
}

function wrong(status: number): string {
  if (status === 401 || status === 403) return "does not accept the key.";
  if (status === 404) return "has no /models there. Is the version missing in the address?";
  if (status >= 300 && status < 400) return "sends us elsewhere. Use the address that it names.";
  return `answers with status ${status}.`;
}

function namesIn(answer: unknown): string[] {
  const { data } = (answer ?? {}) as { data?: unknown };
  const list: unknown[] = Array.isArray(data) ? data : [];
  const ids = list.map((item) => (item as { id?: unknown } | null)?.id);
  return ids.filter((id) => typeof id === "string").slice(0, shown_max);
}
