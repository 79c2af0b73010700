/** Making SVG elements; attributes are set, never parsed. */

const SPACE = "http://www.w3.org/2000/svg";

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Half a pixel in: thin lines then fill one row of pixels. */
export const crisp = (x) => Math.round(x) + 0.5;
export const fixed = (x) => Math.round(x * 10) / 10;
