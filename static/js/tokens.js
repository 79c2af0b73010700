/** Colours of the style sheet for code that draws: a figure names tokens, this puts the theme's values in. */

const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

/** Return a token's colour in the theme that holds at an element, as `#rrggbb` or `rgba(…)`. */
export function token(name, element = document.documentElement) {
  const reader = document.createElement("span");
  reader.hidden = true;
  reader.style.color = `var(${name})`;
  (element === document.documentElement ? document.body : element).append(reader);
  const colour = getComputedStyle(reader).color;
  reader.remove();
  probe.fillStyle = colour;
  return probe.fillStyle;
}

// Reading a colour makes the browser settle its styles: the page's own are read once a theme.
const settled = new Map();

/** Return a deep copy of a figure with each string that is a token ("--change-3", "--change-3/0.3" with opacity) resolved. */
export function resolveTokens(figure, element = document.documentElement) {
  const known = element === document.documentElement ? settled : new Map();
  const resolve = (text) => {
    if (!known.has(text)) {
      const [name, alpha] = text.split("/");
      const colour = token(name, element);
      known.set(text, alpha ? withAlpha(colour, Number(alpha)) : colour);
    }
    return known.get(text);
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
