// Bundles the page into spotitags/explore/web. `--check` only compares, and exits with 1 if a file differs.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const web = join(here, "..", "spotitags", "explore", "web");

/** Digest of all sources, which a test compares without Node. */
function sourcesDigest() {
  const files = readdirSync(join(here, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .concat(join(here, "package.json"), join(here, "build.mjs"))
    .map((file) => [file.slice(here.length + 1).replaceAll("\\", "/"), file])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const digest = createHash("sha256");
  for (const [name, file] of files) digest.update(`${name}\0`).update(readFileSync(file)).update("\0");
  return digest.digest("hex");
}

const result = await build({
  entryPoints: { app: join(here, "src/main.js") },
  bundle: true, minify: true, format: "iife", target: "es2022", charset: "utf8", metafile: true,
  write: false, outdir: web, legalComments: "none", loader: { ".css": "css" },
});

/** Licences of the packages in the bundle. */
function licences() {
  const packages = new Set();
  for (const input of Object.keys(result.metafile.inputs)) {
    const found = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) packages.add(found[1]);
  }
  return [...packages].sort().map((name) => {
    const folder = join(here, "node_modules", name);
    const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : readFileSync(join(here, "licences", `${name}.txt`), "utf8").trim();
    return `${name} ${about.version} (${about.license})\n\n${text}\n`;
  }).join(`\n${"-".repeat(72)}\n\n`);
}

const outputs = new Map(result.outputFiles.map((file) => [file.path.split(/[\\/]/).at(-1), file.text]));
for (const name of ["index.html", "icon.svg"]) outputs.set(name, readFileSync(join(here, "src", name), "utf8"));
outputs.set("LICENSES.txt", licences());
outputs.set("sources.sha256", `${sourcesDigest()}\n`);

let different = 0;
for (const [name, text] of outputs) {
  const path = join(web, name);
  if (process.argv.includes("--check")) {
    if (!existsSync(path) || readFileSync(path, "utf8") !== text) {
      console.error(`${name} differs from its sources: run npm run build`);
      different = 1;
    }
  } else {
    writeFileSync(path, text);
    console.log(`${name} ${(text.length / 1024).toFixed(1)} KB`);
  }
}
process.exit(different);
