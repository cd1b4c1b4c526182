import type { Line } from "./line.ts";

export const is_root = "it makes a service, which takes root and systemd";
/** The options are read before the token is missed. */
export const agent = (options: string): Line => ({
  because: "it would be an agent that goes on for ever",
  run: `hypervize agent ${options} --home "$ROOT/agent"`,
  code: 1,
  says: /has not joined/,
});
export const unit = (name: string): Line => ({
  because: is_root,
  run: `test -f "$CHECKOUT/.ci/${name}.service"`,
});
const imported = (options: string): Line => ({
  because: "the bundle is one of the sandbox's own key, and so is the home",
  run: `rm -f own.hvb; hypervize bundle export own.hvb --model org/repo:Q4_K_M && hypervize bundle import own.hvb --trust FINGERPRINT ${options}`,
  says: /Imported what/,
});

/** What stands on more than one page, or would on any. */
export const common: Readonly<Record<string, Line>> = {
  "./install.sh --demo": {
    because: "it goes on until Ctrl-C; the sandbox has started by it, with --detach",
    run: "./install.sh --demo --detach --port $PORT",
    says: /already running/,
  },
  "./install.sh": {
    because: is_root,
    run: './install.sh --root "$ROOT" && test -x "$ROOT/usr/local/bin/hypervize"',
  },
  "./install.sh --agent --join TOKEN": {
    because: is_root,
    run: './install.sh --root "$ROOT" --agent --join TOKEN',
  },
  "systemctl restart hypervize": unit("hypervize"),
  "systemctl restart hypervize-agent": unit("hypervize-agent"),
  "journalctl -u hypervize": unit("hypervize"),
  "journalctl -u hypervize-agent": unit("hypervize-agent"),
  "hypervize serve": {
    because: "the sandbox's appliance serves this home already",
    code: 1,
    run: "hypervize serve",
    says: /already serves/,
  },
  "hypervize agent": agent(""),
  "hypervize serve --advertise HOST:PORT": {
    because: "the sandbox's appliance serves this home already",
    code: 1,
    run: "hypervize serve --advertise localhost:8443",
    says: /already serves/,
  },
  "hypervize hosts join-token": { says: /\.\/install\.sh --agent --join hvj_/ },
  "hypervize hosts drain gpu-1": {
    because: "the sandbox's only host takes replicas again afterwards",
    run: "hypervize hosts drain gpu-1 && hypervize hosts uncordon gpu-1",
  },
  "hypervize hosts remove gpu-1": {
    because: "the sandbox needs its only host",
    run: "hypervize hosts remove nobody",
    code: 1,
    says: /no host with this id/,
  },
  "hypervize hosts remove gpu-1 --keep-runtimes": {
    because: "the sandbox needs its only host",
    run: "hypervize hosts remove nobody --keep-runtimes",
    code: 1,
    says: /no host with this id/,
  },
  "hypervize status": { says: /hypervize-demo +up/ },
  "hypervize doctor": {
    because: "what is wrong here is this machine's affair, and so is its disk's speed",
    run: "hypervize doctor --quick || [ $? = 1 ]",
    says: /\d+ failed, \d+ to look at/,
  },
  "hypervize doctor --quick": {
    because: "what is wrong here is this machine's affair",
    run: "hypervize doctor --quick || [ $? = 1 ]",
    says: /\d+ failed, \d+ to look at/,
  },
  "hypervize bundle export site.hvb --model org/repo:Q4_K_M --runtime llama-server": {
    says: /Signed by the key [0-9a-f]{64}/,
  },
  "hypervize bundle import site.hvb --trust FINGERPRINT": imported('--home "$ROOT/other"'),
  "hypervize bundle import site.hvb --trust FINGERPRINT --facts-only": imported("--facts-only"),
  "npm run build": { says: /hypervize/ },
  "hypervize stop --home DIR": {
    because: "the sandbox goes on",
    run: 'hypervize stop --home "$ROOT/nobody"',
    says: /Nothing runs from/,
  },
  "hypervize --help": { says: /^usage/ },
};
