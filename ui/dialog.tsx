/** A modal question or form. It is open while it is rendered; focus returns when it goes. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface DialogProps {
  title: string;
  /** Escape was pressed; the parent stops rendering the dialog. */
  onClose(): void;
  children: ComponentChildren;
}

export function Dialog({ title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    const closed = () => close.current();
    element?.showModal();
    element?.addEventListener("close", closed);
    return () => {
      element?.removeEventListener("close", closed);
      // Closing, not only removing, gives the focus back to where it was.
      element?.close();
    };
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}
