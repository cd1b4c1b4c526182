import { expect, test } from "bun:test";
import { maxConnections } from "./descriptors.ts";
import { rawClient } from "./raw-client.testbed.ts";

test("every connection has a file descriptor for itself and one for a runtime", () => {
  expect(maxConnections(65_536)).toBe(32_736);
  expect(maxConnections(1_024)).toBe(480);
  expect(maxConnections(20)).toBe(8);
  expect(maxConnections()).toBeGreaterThan(0);
});

const script = `
  const { serveHttp } = await import(process.env.SERVER);
  const server = serveHttp({
    hostname: "127.0.0.1",
    port: 0,
    handle: () => ({ status: 200, headers: {}, body: "fine" }),
    refuse: () => ({ status: 503, headers: {}, body: "full" }),
  });
  process.stdout.write(server.port + "\\n");
`;

test("with 64 file descriptors and 200 clients a server lives on, and serves who comes", async () => {
  const child = Bun.spawn(
    ["sh", "-c", 'ulimit -n 64; exec "$0" -e "$1"', process.execPath, script],
    {
      env: { ...process.env, SERVER: new URL("./server.ts", import.meta.url).href },
      stdout: "pipe",
    },
  );
  try {
    const { value } = await child.stdout.getReader().read();
    const port = Number(Buffer.from(value ?? []).toString());
    const crowd = Array.from({ length: 200 }, () => rawClient(port));
    for (const { write } of crowd) write("GET / HTTP/1.1\r\n");
    const client = rawClient(port);
    client.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    expect(await client.until("fine")).toStartWith("HTTP/1.1 200 ");
    for (const { socket } of [...crowd, client]) socket.destroy();
    const after = rawClient(port);
    after.write("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    expect(await after.rest()).toStartWith("HTTP/1.1 200 ");
    expect(child.exitCode).toBeNull();
  } finally {
    child.kill();
    await child.exited;
  }
});
