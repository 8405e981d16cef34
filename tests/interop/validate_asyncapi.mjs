// Prints what the AsyncAPI initiative's own parser finds in a document, as JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [modules, file] = process.argv.slice(2);
const { Parser } = createRequire(`${modules}/`)("@asyncapi/parser");
const { diagnostics } = await new Parser().parse(readFileSync(file, "utf8"));
const grave = diagnostics.filter(({ severity }) => severity <= 1);
console.log(JSON.stringify(grave.map(({ code, path, message }) => ({ code, path, message }))));
