/** How a model on a hub is written: `ORG/REPO[@REVISION][:FILE or QUANT]`; as a source with `hf:` before it. */

export interface HubSource {
  /** `ORG/REPO`. */
  repository: string;
  /** A branch, a tag or a commit; null: the default branch. */
  revision: string | null;
  /** The name of a GGUF file with its folders, or a word such as `Q4_K_M`. */
  word: string | null;
}

/** The hub's own rules for names (huggingface_hub `validate_repo_id`), with the organisation. */
const part = String.raw`[A-Za-z0-9_](?:[\w.-]{0,94}\w)?`;
const repository_value = new RegExp(`^(?!.*(?:--|\\.\\.))${part}/${part}$`);
const written = /^(?:hf:)?([^@:]*)(?:@([^:]*))?(?::(.*))?$/;
/** No folder above, nothing that a URL would read as something else. */
const plain = /^(?!\/)(?!(?:.*\/)?\.{1,2}(?:\/|$))[\w.+/ -]{1,256}$/;

/** Undefined for text that names nothing on a hub. */
export function parseHubSource(text: string): HubSource | undefined {
  const [, repository = "", revision = null, word = null] = written.exec(text) ?? [];
  if (!repository_value.test(repository) || repository.endsWith(".git")) return undefined;
  if (revision !== null && !isRevision(revision)) return undefined;
  if (word !== null && !plain.test(word)) return undefined;
  return { repository, revision, word };
}

export const isRevision = (text: string): boolean => plain.test(text) && !text.includes(" ");

/** The source that the agent's contract carries; of a folder in S3, which has its scheme in its name, too. */
export function hubSource({ repository, revision, word }: HubSource): string {
  const scheme = repository.startsWith("s3://") ? "" : "hf:";
  return `${scheme}${repository}${revision === null ? "" : `@${revision}`}${word === null ? "" : `:${word}`}`;
}
