/** For tests: takes apart what a server has sent. */
export interface Received {
  status: number;
  head: string;
  body: string;
}

/** The answers in TEXT, which is latin1, to the first requests, of METHODS; as far as they are whole. */
export function answersIn(text: string, methods: readonly string[]): Received[] {
  const answers: Received[] = [];
  for (let at = 0; at < text.length && answers.length < methods.length; ) {
    const bodyAt = text.indexOf("\r\n\r\n", at) + 4;
    if (bodyAt === 3) break;
    const head = text.slice(at, bodyAt);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? Number.NaN);
    if (Number.isNaN(status)) throw new Error(`No answer: ${JSON.stringify(head.slice(0, 100))}`);
    const isBodyless = status < 200 || status === 204 || methods[answers.length] === "HEAD";
    const [body, end] = isBodyless ? ["", bodyAt] : bodyIn(text, bodyAt, head);
    if (body === null) break;
    if (status >= 200) answers.push({ status, head, body });
    at = end;
  }
  return answers;
}

function bodyIn(text: string, from: number, head: string): [body: string | null, end: number] {
  const length = /\r\ncontent-length: (\d+)\r\n/.exec(head)?.[1];
  if (length !== undefined) {
    const end = from + Number(length);
    return [end > text.length ? null : text.slice(from, end), end];
  }
  if (!head.includes("\r\ntransfer-encoding: chunked\r\n")) return [text.slice(from), text.length];
  let body = "";
  for (let at = from; ; ) {
    const size = /^([0-9a-f]+)\r\n/.exec(text.slice(at, at + 20));
    if (!size?.[1]) return [null, text.length];
    const start = at + size[0].length;
    at = start + Number.parseInt(size[1], 16) + 2;
    if (at > text.length) return [null, text.length];
    if (size[1] === "0") return [body, at];
    body += text.slice(start, at - 2);
  }
}
