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
const answer_max_bytes = 4 * 1024 * 1024;

export async function probe(
  { name, base_url }: { name: string; base_url: string },
  key: string,
  fetch: Fetch,
): Promise<Probed> {
  const refused = (words: string): Probed => ({ ok: false, message: `${name} ${words}` });
  try {
    const response = await fetch(`${base_url}/models`, {
      headers: key === "" ? {} : { authorization: `Bearer ${key}` },
      // Elsewhere the key would be somebody else's.
      redirect: "manual",
      signal: AbortSignal.timeout(patience_ms),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      return refused(wrong(response.status));
    }
    const models = namesIn(await text(response));
    if (!models) return refused("answers, but not with a list of models. Is the address right?");
    return { ok: true, models, message: `${name} answers, and has ${counted(models.length)}.` };
  } catch (error) {
    // The error's own text may hold the address with whatever a proxy has added to it.
    return refused(unreachable(error));
  }
}

function wrong(status: number): string {
  if (status === 401 || status === 403) return "does not accept the key.";
  if (status === 404) return "has no /models there. Is the version missing in the address?";
  if (status >= 300 && status < 400) return "sends us elsewhere. Use the address that it names.";
  return `answers with status ${status}.`;
}

function unreachable(error: unknown): string {
  const { name = "", code = "" } = (error ?? {}) as { name?: string; code?: unknown };
  if (name === "TimeoutError") return `did not answer within ${patience_ms / 1000} seconds.`;
  if (/CERT|ISSUER|VERIFY/.test(String(code))) {
    return "shows a certificate that this machine does not trust, or one for another name.";
  }
  return "could not be reached. Check its address, and whether this machine may go there.";
}

const counted = (count: number): string => (count === 1 ? "1 model" : `${count} models`);

/** Stops where nobody would read on. */
async function text(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    parts.push(part);
    length += part.byteLength;
    if (length > answer_max_bytes) break;
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Null when ANSWER is none of an OpenAI-compatible API. */
function namesIn(answer: string): string[] | null {
  const list = listIn(answer);
  if (!Array.isArray(list)) return null;
  const ids = list.map((item) => (item as { id?: unknown } | null)?.id);
  return ids.filter((id) => typeof id === "string").slice(0, shown_max);
}

function listIn(answer: string): unknown {
  try {
    return (JSON.parse(answer) as { data?: unknown } | null)?.data;
  } catch {
    return undefined;
  }
}
