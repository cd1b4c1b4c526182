/** What is stored of one kind: a panel with the list, and the dialogs that make, change and remove one. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren, ComponentType } from "preact";
import { Confirm } from "./confirm.tsx";
import { Icon } from "./icons.tsx";
import { Empty, Loaded } from "./notice.tsx";
import { Heading, Panel } from "./panel.tsx";
import type { Remote } from "./remote.ts";

export interface ResourceForm<One> {
  of: One | "new";
  close(): void;
  saved(): void;
}

interface Removal<One> {
  title(one: One): string;
  verb: string;
  busy?: string;
  keep?: string;
  act(one: One): Promise<unknown>;
  /** What it leads to. */
  about(one: One): ComponentChildren;
}

interface ResourcePanelProps<One> {
  title: string;
  /** Where the list is the page: the page's heading, over a panel whose title is for ears. */
  page?: { title: string; about: string };
  /** What the list is called while it is waited for. */
  what: string;
  from: Remote<{ data: readonly One[] }>;
  /** What the button says that makes one; without it there is none. */
  add?: string | undefined;
  empty?: readonly [title: string, about: string];
  /** What came of what was done last. */
  notice?: ComponentChildren;
  form: ComponentType<ResourceForm<One>>;
  removal?: Removal<One>;
  /** After something was made, changed or removed, beside the list. */
  changed?(): void;
  children(
    all: readonly One[],
    open: { change(one: One): void; remove(one: One): void },
  ): ComponentChildren;
}

export function ResourcePanel<One>(props: ResourcePanelProps<One>) {
  const {
    title,
    page,
    what,
    from,
    empty,
    notice,
    form: FormOf,
    removal,
    changed,
    children,
  } = props;
  const editing = useSignal<One | "new" | null>(null);
  const removing = useSignal<One | null>(null);
  const saved = () => {
    from.refresh();
    changed?.();
  };
  const open = {
    change: (one: One) => (editing.value = one),
    remove: (one: One) => (removing.value = one),
  };
  const add = props.add && (
    <button
      type="button"
      class={page ? "primary" : "small"}
      onClick={() => (editing.value = "new")}
    >
      {page && <Icon name="plus" />}
      {props.add}
    </button>
  );
  return (
    <>
      {page && <Heading {...page}>{add}</Heading>}
      {page && notice}
      <Panel title={title} flush untitled={page !== undefined} aside={!page && add}>
        {!page && notice}
        <Loaded from={from} what={what}>
          {({ data }) =>
            empty && data.length === 0 ? (
              <Empty title={empty[0]}>
                <p>{empty[1]}</p>
              </Empty>
            ) : (
              children(data, open)
            )
          }
        </Loaded>
      </Panel>
      {editing.value && (
        <FormOf of={editing.value} close={() => (editing.value = null)} saved={saved} />
      )}
      {removal && removing.value && (
        <Remove
          one={removing.value}
          removal={removal}
          close={() => (removing.value = null)}
          removed={saved}
        />
      )}
    </>
  );
}

interface RemoveProps<One> {
  one: One;
  removal: Removal<One>;
  close(): void;
  removed(): void;
}

function Remove<One>({ one, removal, close, removed }: RemoveProps<One>) {
  const { title, about, act, ...words } = removal;
  const remove = async () => {
    await act(one);
    close();
    removed();
  };
  return (
    <Confirm {...words} title={title(one)} act={remove} close={close}>
      {about(one)}
    </Confirm>
  );
}
