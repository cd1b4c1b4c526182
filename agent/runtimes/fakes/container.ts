/**
 * Stands in for Docker's client and its service: `image inspect`, and `run`, which starts the command where
 * the service would, in a separate session with only the variables that were named. Its end is the
 * container's; TERM is passed on; and who kills the client leaves the container running, as with the real one.
 * IMAGE "/FOLDER:v1" has its commands in FOLDER.
 */
import { spawn } from "node:child_process";

const [verb, ...words] = process.argv.slice(2);
const folderOf = (image: string): string => image.replace(/:[^/]*$/, "");

function fail(sentence: string): never {
  process.stderr.write(`docker: ${sentence}\n`);
  process.exit(125);
}

if (verb === "image") {
  if ((words[1] ?? "").startsWith("/")) process.exit(0);
  fail(`Error response from daemon: No such image: ${words[1]}`);
}
if (verb !== "run") fail(`'${verb}' is not a docker command.`);

const env: Record<string, string> = {};
let entrypoint = "";
const valued = ["-v", "--user", "--gpus", "--security-opt", "--device"];
const flags = [
  "--rm",
  "--pull=never",
  "--network=host",
  "--ipc=host",
  "--cap-drop=ALL",
  "--log-driver=none",
];
for (let word = words.shift(); word !== undefined; word = words.shift()) {
  if (word === "-e") {
    const [name = "", ...value] = (words.shift() ?? "").split("=");
    const given = value.length > 0 ? value.join("=") : process.env[name];
    if (given !== undefined) env[name] = given;
  } else if (word === "--entrypoint") entrypoint = words.shift() ?? "";
  else if (valued.includes(word)) words.shift();
  else if (!flags.includes(word)) {
    words.unshift(word);
    break;
  }
}
const image = words.shift() ?? "";
if (image.startsWith("-")) fail(`unknown flag: ${image}`);
if (process.env["FAKE_TOOLKIT"] === "none") {
  fail('Error response: could not select device driver "" with capabilities: [[gpu]].');
}
const container = spawn(`${folderOf(image)}/${entrypoint}`, words, {
  detached: true,
  env: { PATH: "/usr/bin:/bin", ...env },
  stdio: ["ignore", "inherit", "inherit"],
});
process.on("SIGTERM", () => container.kill("SIGTERM"));
container.on("error", (error) => fail(error.message));
container.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGTERM" ? 143 : 137)));
