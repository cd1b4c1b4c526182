/** `hypervize bundle`: models and runtimes for hosts that reach no network, in one signed file. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { version } from "../../package.json";
import { environment, homeFrom, llamaServerHere, s3FromEnvironment } from "../app/config.ts";
import { rememberModels } from "../control/models/bundle/imported-models.ts";
import {
  isFingerprint,
  signingKeyOf,
  trustedKeys,
  trustKey,
} from "../control/models/bundle/signing-key.ts";
import { readLocalModel } from "../control/scheduler/sizing/local-files.ts";
import type { BundleTools } from "./bundle-tools.ts";
import { deployable } from "./bundle-words.ts";
import { type Command, type Terminal, UsageError, type Words } from "./command.ts";
import { becomeOwnerOf, importHomeFrom } from "./import-home.ts";
import { meter, size } from "./meter.ts";

export function bundleCommand(tools: BundleTools): Command {
  return {
    name: "bundle",
    summary: "Carries models and runtimes to hosts that reach no network, in one signed file.",
    usage: "export|import FILE [options]",
    takes_words: true,
    options: {
      model: {
        value: "MODEL",
        repeated: true,
        help: "export: ORG/REPO or s3://BUCKET/FOLDER, with :FILE-or-QUANT, or file:///path; repeat for more",
      },
      runtime: {
        value: "NAME[=PATH]",
        repeated: true,
        help: "export: llama-server; or NAME=PATH of an executable or of a build's folder",
      },
      cache: {
        value: "DIR",
        help: "export: folder of models from a hub or S3, also for new downloads (default: the agent's, in the home)",
      },
      trust: { value: "FINGERPRINT", help: "import: trust the key that the export printed" },
      "facts-only": {
        help: "import: on an appliance without GPUs, keep only what sizing needs of the models",
      },
      home: {
        value: "DIR",
        help: "data folder (default: $HYPERVIZE_HOME; import: else that of the service installed here)",
      },
    },
    notes: `FILE may be "-" for a pipe. Import on every host that will serve, and on the appliance. Root imports into the
installed service's data folder, as the folder's owner. An import that was cut off continues where it ended.
Stores of S3 are opened with AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_CA_BUNDLE.`,
    async run(words, terminal) {
      const [verb, file, ...more] = words.positionals;
      if ((verb !== "export" && verb !== "import") || more.length > 0) {
        throw new UsageError(
          "Write `hypervize bundle export FILE` or `hypervize bundle import FILE`.",
        );
      }
      if (file === undefined) throw new UsageError('A FILE is needed, or "-" for a pipe.');
      await (verb === "export" ? exportTo : importFrom)(tools, file, words, terminal);
      return 0;
    },
  };
}

async function exportTo(
  tools: BundleTools,
  file: string,
  words: Words,
  terminal: Terminal,
): Promise<void> {
  const [models, runtimes] = [words.texts("model"), words.texts("runtime").map(runtimeIn)];
  if (models.length + runtimes.length === 0) {
    throw new UsageError("Say what to export: --model MODEL or --runtime NAME, or both.");
  }
  const home = homeFrom(words.text("home"));
  // Standard output may be the bundle itself.
  const say = file === "-" ? terminal.err : terminal.out;
  const { fingerprint, bytes, stored_bytes } = await tools.exportBundle({
    file,
    models,
    runtimes,
    say,
    env: environment(),
    cache: words.text("cache") ?? join(home, "agent", "weights", "hub"),
    s3: s3FromEnvironment,
    signer: signingKeyOf(home),
    made_by: `hypervize ${version}`,
    now: Date.now(),
    progress: meter(terminal.err),
    signal: terminal.stop,
  });
  const saved = bytes > stored_bytes ? `, ${size(bytes)} before deduplication` : "";
  say(`Wrote ${size(stored_bytes)}${saved}. Signed by the key ${fingerprint}.`);
  say(`On the other side: hypervize bundle import FILE --trust ${fingerprint}`);
}

function runtimeIn(word: string): { name: string; path: string } {
  const [name = "", ...rest] = word.split("=");
  const here = () => (name === "llama-server" ? llamaServerHere() : Bun.which(name));
  const path = rest.join("=") || here();
  if (path) return { name, path };
  throw new UsageError(
    `No ${name} was found on this machine. Say where it is: --runtime ${name}=PATH.`,
  );
}

async function importFrom(
  tools: BundleTools,
  file: string,
  words: Words,
  terminal: Terminal,
): Promise<void> {
  const facts_only = words.flag("facts-only");
  const home = importHomeFrom(words.text("home"), facts_only);
  const trust = words.text("trust")?.toLowerCase();
  if (trust !== undefined && !isFingerprint(trust)) {
    throw new UsageError("--trust takes the 64 digits that the export printed.");
  }
  const models: Parameters<typeof rememberModels>[1] = { repositories: [], files: [] };
  const input = file === "-" ? undefined : await opened(file);
  becomeOwnerOf(home);
  const known = trustedKeys(home);
  try {
    const imported = await tools.importBundle({
      home,
      facts_only,
      input: input ?? "-",
      trusts: (fingerprint) => fingerprint === trust || known.has(fingerprint),
      async learn(item, path, below_home) {
        const facts = await factsAt(path, terminal);
        if (item.kind === "file") models.files.push({ below_home, facts });
        else {
          const { repository, commit, revision } = item;
          const files = item.files.map(({ name }) => name);
          models.repositories.push({ repository, commit, revision, files, facts });
        }
      },
      progress: meter(terminal.err),
      signal: terminal.stop,
    });
    rememberModels(home, models);
    trustKey(home, imported.fingerprint);
    const { made_at, made_by, written_bytes } = imported;
    terminal.out(
      `Imported what ${made_by} exported at ${made_at} into ${home}; ${size(written_bytes)} were new.`,
    );
    for (const { item, path } of imported.items) terminal.out(deployable(item, path, facts_only));
  } finally {
    await input?.close();
  }
}

/** A model that cannot be sized can still be deployed, by a guess from its name. */
async function factsAt(path: string, terminal: Terminal) {
  try {
    return (await readLocalModel(path)) ?? {};
  } catch (error) {
    terminal.err(`Its size is not known: ${error instanceof Error ? error.message : error}`);
    return {};
  }
}

async function opened(file: string) {
  try {
    return await open(file, "r");
  } catch (cause) {
    throw new Error(`${file} cannot be read. Check its path and permissions.`, { cause });
  }
}
