export const model = "hypervize-demo";

/** A chat request as plain HTTP. */
export function chat(
  url: string,
  key: string,
  content: string,
  more: Record<string, unknown> = {},
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model, temperature: 0, messages: [{ role: "user", content }], ...more }),
    ...(signal && { signal }),
  });
}
