/** How requests find their model: further names, services elsewhere, and what it costs. */
import { Heading } from "../../panel.tsx";
import { isAdmin } from "../../session.ts";
import { AliasPanel } from "./aliases.tsx";
import { PricePanel } from "./prices.tsx";
import { ProviderPanel } from "./providers.tsx";

export function RoutingPage() {
  if (!isAdmin.value) {
    return <Heading title="Routing" about="Only admins manage routing. Ask one of them." />;
  }
  return (
    <>
      <Heading
        title="Routing"
        about="Which names applications may ask for, what answers them, and what it costs."
      />
      <AliasPanel />
      <ProviderPanel />
      <PricePanel />
    </>
  );
}
