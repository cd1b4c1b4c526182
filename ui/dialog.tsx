/** A modal question or form. It is open while it is rendered; focus returns when it goes. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef } from "preact/hooks";

interface DialogProps {
  title: string;
  /** Escape was pressed; the parent stops rendering the dialog. */
  onClose(): void;
  children: ComponentChildren;
}

export function Dialog({ title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  const id = useId();

  useLayoutEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    const closed = () => close.current();
    element?.showModal();
    element?.addEventListener("close", closed);
    return () => {
      element?.removeEventListener("close", closed);
      // While it is open, everything else is inert and takes no focus. The return is by hand, because
      // the browser's own goes wrong where the focused button is removed in the same breath.
      element?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);

  const opened = useRef(false);
  useEffect(() => {
    // The next step has replaced the button that had the focus. Not focusable before: showModal would
    // choose the heading over the first field.
    if (opened.current && heading.current) {
      heading.current.tabIndex = -1;
      heading.current.focus();
    }
    opened.current = true;
  }, [title]);

  return (
    <dialog ref={dialog} aria-labelledby={id}>
      <h2 id={id} ref={heading}>
        {title}
      </h2>
      {children}
    </dialog>
  );
}
