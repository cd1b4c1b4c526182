/** One shared model: its state, what runs, and where. */
import type { ModelView } from "../../../src/app/control-api.ts";
import { Download } from "../../download.tsx";
import { bytes, count, plural } from "../../format.ts";
import { ModelProblem, ModelState } from "./state.tsx";

export function ModelAbout({ model }: { model: ModelView }) {
  const places = model.placement.map(placeWords);
  return (
    <div class="model-about">
      <p>
        <strong>{model.id}</strong> <ModelState model={model} />
      </p>
      <p class="detail">
        {model.asked.source} · {model.runtime} · {count(model.context_tokens)} tokens of context ·{" "}
        {count(model.concurrency)} at once · {replicaWords(model)}
      </p>
      {places.length > 0 && <p class="detail">On {places.join("; ")}</p>}
      <Download progress={model.progress} />
      <ModelProblem model={model} />
    </div>
  );
}

const replicaWords = ({ replicas }: ModelView): string =>
  replicas === null ? "one replica on every host" : plural(replicas, "replica");

function placeWords({
  host_name,
  devices,
  bytes_per_device,
}: ModelView["placement"][number]): string {
  if (bytes_per_device === 0) return host_name;
  const each = devices.length > 1 ? `${devices.length} GPUs with ` : "";
  return `${host_name} (${each}${bytes(bytes_per_device)} set aside)`;
}
