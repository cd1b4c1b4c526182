/** What can be done with something that was imported, and how. Pure. */
import type { BundleItem } from "./bundle-tools.ts";

export function deployable(item: BundleItem, path: string, facts_only: boolean): string {
  switch (item.kind) {
    case "hub": {
      const revision = item.revision === null ? `@${item.commit}` : "";
      const [first] = item.files;
      const word = first?.name.endsWith(".gguf") ? `:${first.name}` : "";
      return line(item.repository, `${item.repository}${at(revision, item.revision)}${word}`);
    }
    case "file":
      return facts_only
        ? `${item.name}: deploy it by the path that the import on its host prints.`
        : line(item.name, `file://${path}`);
    case "runtime":
      return `${item.name} ${item.version}: the agent of this home uses ${path} from its next start on.`;
  }
}

/** A branch other than the usual one has to be said. */
const at = (commit: string, revision: string | null): string =>
  revision === null ? commit : revision === "main" ? "" : `@${revision}`;

const line = (name: string, model: string): string =>
  `${name} can be deployed: hypervize endpoints create ${quoted(model)}`;

/** For a shell, which it is copied to. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
