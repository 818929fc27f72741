// Wraps a core module into a component of the world: node wrap.mjs CORE WIT TARGET
import { readFileSync, writeFileSync } from "node:fs";
import * as tools from "./node_modules/@bytecodealliance/jco-transpile/dist/wasm-tools.js";

const [core, wit, target] = process.argv.slice(2);
const binary = await tools.componentEmbed({
  binary: readFileSync(core),
  witSource: readFileSync(wit, "utf8"),
  world: "plugin",
  dummy: false,
});
writeFileSync(target, await tools.componentNew(binary, []));
