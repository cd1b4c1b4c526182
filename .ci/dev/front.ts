/**
 * Where the browser goes: the dashboard straight from `ui/`, which Bun builds anew and reloads as its files change, and
 * everything else from the appliance. So a change of the dashboard restarts nothing.
 */
import page from "../../ui/index.html";

export function openFront(port: number, appliance: string): { url: string; stop(): Promise<void> } {
  const passed = (request: Request): Promise<Response> | Response => pass(request, appliance);
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port,
    // Streams are silent for as long as a model thinks.
    idleTimeout: 0,
    development: { hmr: true, console: false },
    routes: {
      "/api/*": passed,
      "/v1/*": passed,
      "/metrics": passed,
      "/*": page,
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) };
}

async function pass(request: Request, appliance: string): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  try {
    return await fetch(`${appliance}${pathname}${search}`, {
      method: request.method,
      // With the host that the browser named: the appliance compares it to the origin.
      headers: request.headers,
      body: request.body,
      redirect: "manual",
      decompress: false,
      signal: request.signal,
    });
  } catch {
    const error = { message: "The appliance is starting. Ask again.", type: "server_error" };
    return Response.json({ error }, { status: 503, headers: { "retry-after": "1" } });
  }
}
