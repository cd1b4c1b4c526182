import { Heading } from "./panel.tsx";

export function NowherePage() {
  return (
    <>
      <Heading title="There is no page here" />
      <p>
        The address may be mistyped. Go to the <a href="/">overview</a>.
      </p>
    </>
  );
}
