/** Colours of the style sheet for code that draws: a figure names tokens, this puts the theme's values in. */

const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

/** Return a token's colour in the theme that holds at an element, as `#rrggbb` or `rgba(…)`. */
export const token = (name, element = document.documentElement) => read([name], element).get(name);

/** Read the colours of several tokens: all readers are put in before the first is asked, so styles settle once. */
function read(names, element) {
  const home = document.createElement("span");
  home.hidden = true;
  const readers = names.map((name) => {
    const reader = document.createElement("span");
    reader.style.color = `var(${name})`;
    return reader;
  });
  home.append(...readers);
  (element === document.documentElement ? document.body : element).append(home);
  const colours = readers.map((reader) => getComputedStyle(reader).color);
  home.remove();
  return new Map(names.map((name, i) => {
    probe.fillStyle = colours[i];
    return [name, probe.fillStyle];
  }));
}

// Reading a colour makes the browser settle its styles: the page's own are read once a theme.
const settled = new Map();

/** Return a deep copy of a figure with each string that is a token ("--change-3", "--change-3/0.3" with opacity) resolved. */
export function resolveTokens(figure, element = document.documentElement) {
  const known = element === document.documentElement ? settled : new Map();
  learn([figure], known, element);
  const resolve = (text) => {
    const [name, alpha] = text.split("/");
    return alpha ? withAlpha(known.get(name), Number(alpha)) : known.get(name);
  };
  const copy = (value) => {
    if (typeof value === "string") return value.startsWith("--") ? resolve(value) : value;
    if (ArrayBuffer.isView(value)) return value;
    if (Array.isArray(value)) return value.map(copy);
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, copy(v)]));
    return value;
  };
  return copy(figure);
}

/** Read the tokens of several figures at once, for when they are drawn. */
export const readTokens = (figures) => learn(figures, settled, document.documentElement);

function learn(figures, known, element) {
  const fresh = new Set();
  const look = (value) => {
    if (typeof value === "string") {
      const name = value.startsWith("--") ? value.split("/")[0] : "";
      if (name && !known.has(name)) fresh.add(name);
    } else if (value && typeof value === "object" && !ArrayBuffer.isView(value)) for (const part of Object.values(value)) look(part);
  };
  look(figures);
  if (fresh.size) for (const [name, colour] of read([...fresh], element)) known.set(name, colour);
}

function withAlpha(hex, alpha) {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  return `rgba(${r}, ${g}, ${b}, ${alpha})`;
}

onThemeChange(() => settled.clear());

/** Call back after the theme changed, by the reader's choice or by the system's. */
export function onThemeChange(callback) {
  document.addEventListener("themechange", callback);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (document.documentElement.dataset.theme === "system") callback();
  });
}
