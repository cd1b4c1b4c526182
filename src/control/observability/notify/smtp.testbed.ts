/** A real SMTP server on loopback, with a certificate of its own CA, that does as it is told. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { type Arrived, readMessage } from "./arrived.testbed.ts";

export interface Delivery extends Arrived {
  to: readonly string[];
  /** Came over TLS. */
  secure: boolean;
  user: string | undefined;
}

export interface SmtpBehaviour {
  options?: SMTPServerOptions;
  /** Throws what the server answers to this recipient: `reply(550, "no such user")`. */
  recipient?(address: string): void;
  /** Before the message is accepted; what it throws is the answer. */
  message?(delivery: Delivery): void | Promise<void>;
}

/** An SMTP answer other than success. */
export function reply(responseCode: number, words: string): Error {
  return Object.assign(new Error(words), { responseCode });
}

export interface Smtp {
  port: number;
  ca_pem: string;
  /** Accepted, in their order. */
  inbox: Delivery[];
  /** How often somebody connected. */
  connections: number;
  /** Resolves when COUNT messages have been accepted. */
  arrived(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Accepts user `mailer` with password `hunter2` and, unless OPTIONS say otherwise, demands them. */
export async function startSmtp({
  options,
  recipient,
  message,
}: SmtpBehaviour = {}): Promise<Smtp> {
  const { ca_pem, key, cert } = await certificate();
  const waiting = new Set<() => void>();
  const server = new SMTPServer({
    key,
    cert,
    logger: false,
    onConnect(_session, done) {
      smtp.connections += 1;
      done();
    },
    onAuth({ username, password }, _session, done) {
      if (username === "mailer" && password === "hunter2") done(null, { user: username });
      else done(reply(535, `5.7.8 ${password} is not the password of ${username}`));
    },
    onRcptTo({ address }, _session, done) {
      try {
        recipient?.(address);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    onData(stream, session, done) {
      const receive = async (): Promise<string> => {
        const chunks: Buffer[] = [];
        for await (const chunk of stream) chunks.push(chunk as Buffer);
        const to = session.envelope.rcptTo.map(({ address }) => address);
        const text = Buffer.concat(chunks).toString("utf8");
        const user = session.user === undefined ? undefined : String(session.user);
        const delivery = { ...readMessage(text), to, secure: session.secure, user };
        await message?.(delivery);
        smtp.inbox.push(delivery);
        for (const look of waiting) look();
        return "queued as 7";
      };
      receive().then((words) => done(null, words), done);
    },
    ...options,
  });
  // A client that hangs up in the middle is what some of these tests are about.
  server.on("error", () => undefined);
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");

  const smtp: Smtp = {
    port: (listening.address() as AddressInfo).port,
    ca_pem,
    inbox: [],
    connections: 0,
    arrived: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (smtp.inbox.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
  return smtp;
}

async function certificate(): Promise<{ ca_pem: string; key: string; cert: string }> {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=localhost",
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "localhost" }])],
  });
  const der = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  const cert = own.toString("pem");
  return { ca_pem: cert, cert, key: x509.PemConverter.encode(der, "PRIVATE KEY") };
}
