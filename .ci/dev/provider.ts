/** A service elsewhere, for the dashboard's page and for aliases: it knows two models and says one sentence. */
const models = ["large", "small"];

export function openProvider(port: number): { port: number; stop(): Promise<void> } {
  const server = Bun.serve({ hostname: "127.0.0.1", port, fetch: answer });
  return { port: server.port ?? port, stop: () => server.stop(true) };
}

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname.endsWith("/models")) return Response.json({ data: models.map((id) => ({ id })) });
  const { model, stream } = (await request.json()) as { model: string; stream?: boolean };
  const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };
  const said = (choice: object) => ({ model, choices: [{ index: 0, ...choice }], usage });
  const content = "This comes from far away.";
  if (!stream) {
    const message = { role: "assistant", content };
    return Response.json(said({ message, finish_reason: "stop" }));
  }
  const frame = JSON.stringify(said({ delta: { content }, finish_reason: "stop" }));
  const headers = { "content-type": "text/event-stream" };
  return new Response(`data: ${frame}\n\ndata: [DONE]\n\n`, { headers });
}
