/** What its owner and admins may do to an endpoint. */
import { useSignal } from "@preact/signals";
import type { EndpointView, Status } from "../../../src/app/control-api.ts";
import { useAction } from "../../action.ts";
import { Confirm } from "../../confirm.tsx";
import { changeEndpoint, deleteEndpoint, type Order, orderEndpoint } from "../../dedicated-api.ts";
import { Form } from "../../form.tsx";
import { navigate } from "../../navigation.ts";
import { Problem } from "../../notice.tsx";
import { changedBodyOf } from "./fields.ts";
import { ModelFields, ScaleFields } from "./form-fields.tsx";

const names: Record<Order, string> = {
  pause: "Pause",
  resume: "Resume",
  sleep: "Sleep now",
  wake: "Wake",
};

/** What makes sense in each state; the server refuses the rest and says why. */
const orders: Record<Status, readonly Order[]> = {
  building: ["pause"],
  up: ["sleep", "pause"],
  sleeping: ["wake", "pause"],
  waking_up: ["pause"],
  updating: ["pause"],
  draining: ["resume"],
  paused: ["resume"],
  failed: ["resume"],
  deleting: [],
};

interface ActionsProps {
  endpoint: EndpointView;
  changed(): void;
}

export function EndpointActions({ endpoint, changed }: ActionsProps) {
  const editing = useSignal(false);
  const deleting = useSignal(false);
  const ordering = useAction(async (order: Order) => {
    await orderEndpoint(endpoint.id, order);
    changed();
  });
  const mayNotSleep = endpoint.min_replicas > 0;
  return (
    <>
      {ordering.problem.value && <Problem problem={ordering.problem.value} />}
      {orders[endpoint.status]
        .filter((order) => order !== "sleep" || !mayNotSleep)
        .map((order) => (
          <button
            key={order}
            type="button"
            class="small"
            disabled={ordering.busy.value}
            onClick={() => ordering.run(order)}
          >
            {order === "resume" && endpoint.status === "failed" ? "Try again" : names[order]}
          </button>
        ))}
      <button type="button" class="small" onClick={() => (editing.value = true)}>
        Change
      </button>
      <button type="button" class="small" onClick={() => (deleting.value = true)}>
        Delete
      </button>
      {editing.value && (
        <Change endpoint={endpoint} changed={changed} close={() => (editing.value = false)} />
      )}
      {deleting.value && <Delete endpoint={endpoint} close={() => (deleting.value = false)} />}
    </>
  );
}

function Change({ endpoint, changed, close }: ActionsProps & { close(): void }) {
  return (
    <Form
      title={`Change ${endpoint.name}`}
      read={changedBodyOf}
      change={(changes) => changeEndpoint(endpoint.id, changes)}
      saved={changed}
      close={close}
      verb="Save"
      busy="Saving…"
    >
      <p>When what runs changes, the old replicas serve until the new ones are healthy.</p>
      <ModelFields of={endpoint} />
      <ScaleFields of={endpoint} />
    </Form>
  );
}

function Delete({ endpoint, close }: { endpoint: EndpointView; close(): void }) {
  const remove = async () => {
    await deleteEndpoint(endpoint.id);
    navigate("/endpoints");
  };
  return (
    <Confirm title={`Delete ${endpoint.name}?`} verb="Delete endpoint" act={remove} close={close}>
      Its address answers 404 from now on and its replicas stop after their open requests. Usage and
      events stay.
    </Confirm>
  );
}
