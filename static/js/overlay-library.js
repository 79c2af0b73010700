/** The plotting library: a megabyte that the page fetches last. */

import { make, one } from "./dom.js";
import { Failed } from "./overlay-data.js";

let library = null;

/** Wait for the library; where it failed, the next call fetches it again. */
export function plotly() {
  library ??= fetched().catch((error) => { library = null; throw error; });
  return library;
}

function fetched() {
  return new Promise((resolve, reject) => {
    const tell = () => (globalThis.Plotly ? resolve() : reject(new Failed("The plotting library could not be fetched. Check the connection, then try again.")));
    if (globalThis.Plotly) { resolve(); return; }
    let script = one("#plotly-script");
    if (document.readyState === "complete") document.head.append((script = make("script", { src: script.src })));
    else addEventListener("load", tell, { once: true });
    for (const event of ["load", "error"]) script.addEventListener(event, tell, { once: true });
  });
}
