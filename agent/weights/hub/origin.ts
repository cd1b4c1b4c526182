import { StartError } from "../../replicas/start-error.ts";
import type { Sender } from "./blob.ts";
import { askHub, type Hub } from "./hub-request.ts";
import {
  describeFile,
  digestIn,
  type HubFile,
  type HubListing,
  listRepository,
  type RepositoryView,
} from "./repository.ts";
import { type Persistence, persist } from "./transient-error.ts";

/** Which of all files of a repository are wanted. Throws a Refusal when it has not what is meant. */
export type Choose = (names: readonly string[]) => readonly string[];

/** Where a repository comes from, as one asker sees it: a hub, or a folder in S3. */
export interface Origin extends Omit<Sender, "open"> {
  /** What CHOOSE takes, as it is now. Throws a Refusal, or the signal's reason. */
  look(choose: Choose): Promise<Found>;
}

export interface Found extends Pick<Sender, "open"> {
  listing: HubListing;
  files: readonly HubFile[];
}

export function hubOrigin(hub: Hub & Persistence, view: RepositoryView): Origin {
  const { repository, signal } = view;
  const origin: Omit<Origin, "look"> = {
    name: "The hub's storage",
    checksums: "the hub",
    repository,
    signal,
    persist: (attempt) => persist(attempt, signal, hub),
  };
  const look = async (choose: Choose): Promise<Found> => {
    const listing = await origin.persist(() => listRepository(hub, view));
    const at = { ...view, revision: listing.commit };
    const files: HubFile[] = [];
    for (const name of choose(listing.names)) {
      files.push(await origin.persist(() => describeFile(hub, at, name)));
    }
    return { listing, files, open: (file, from) => openOnHub(hub, at, file, from) };
  };
  return { ...origin, look };
}

async function openOnHub(hub: Hub, view: RepositoryView, file: HubFile, from: number) {
  const answer = await askHub(hub, { method: "GET", file: file.name, from, ...view });
  const digest = digestIn(answer.told);
  if (digest === undefined || digest === file.digest) return answer;
  await answer.discard();
  throw new StartError(
    "download",
    `${file.name} of ${view.repository} changed on the hub while it was fetched.`,
    true,
  );
}
