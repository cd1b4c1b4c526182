import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

export interface TestRepo {
  /** By name with folders: the content, or the path of a file that has it. */
  files: Record<string, Uint8Array | string>;
  /** Needs this token for the files; everybody may list them. */
  gated?: string;
  /** Hidden from those without this token. */
  private?: string;
}

export interface Reply {
  status: number;
  headers: Record<string, string>;
  body?: Uint8Array;
}

export const test_commit = "0123456789abcdef0123456789abcdef01234567";

/** What huggingface.co says to whom may not have what they ask for; undefined for whom may. */
export function refusalOf(
  repo: TestRepo | undefined,
  {
    revision,
    file,
    authorization,
  }: Record<"revision" | "file" | "authorization", string | undefined>,
): Reply | undefined {
  const has = (token: string | undefined) =>
    token === undefined || authorization === `Bearer ${token}`;
  if (repo === undefined || !has(repo.private)) {
    // Of everything unknown, to those who are not logged in.
    if (authorization === undefined) return refusal(401, "", "Invalid username or password.");
    return refusal(404, "RepoNotFound", "Repository not found");
  }
  if (!["main", "v1", test_commit].includes(revision ?? "")) {
    return refusal(404, "RevisionNotFound", `Invalid rev id: ${revision}`);
  }
  if (file === undefined) return undefined;
  if (!has(repo.gated)) {
    return refusal(authorization === undefined ? 401 : 403, "GatedRepo", "Access is restricted.");
  }
  return Object.hasOwn(repo.files, file)
    ? undefined
    : refusal(404, "EntryNotFound", "Entry not found");
}

function refusal(status: number, code: string, message: string): Reply {
  const named = code === "" ? {} : { "x-error-code": code };
  return { status, headers: { ...named, "x-error-message": message } };
}

/** `/api/models/NAME/revision/…?blobs=true` */
export function listingOf(name: string, { files }: TestRepo): Reply {
  const siblings = Object.entries(files).map(([rfilename, content]) => {
    const { length: size } = contentOf(content);
    const { etag, blobId } = digestsOf(rfilename, contentOf(content));
    const lfs = isLarge(rfilename) ? { lfs: { sha256: etag, size, pointerSize: 134 } } : {};
    return { rfilename, size, blobId, ...lfs };
  });
  const body = JSON.stringify({ id: name, modelId: name, sha: test_commit, siblings });
  return { status: 200, headers: {}, body: Buffer.from(body) };
}

/** Large files lie outside git and are named by their SHA-256; the others by git's SHA-1, of a header and the bytes. */
export function digestsOf(name: string, bytes: Uint8Array): { etag: string; blobId: string } {
  const blobId = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
  const etag = isLarge(name) ? createHash("sha256").update(bytes).digest("hex") : blobId;
  return { etag, blobId };
}

export const isLarge = (name: string): boolean => /\.(?:gguf|safetensors|bin)$/.test(name);

export const contentOf = (content: Uint8Array | string): Uint8Array =>
  typeof content === "string" ? readFileSync(content) : content;
