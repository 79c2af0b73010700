/** The picture as a file: every panel's SVG with its styles written in, on the page's own surface. */

import { all, one } from "./dom.js";
import { svg } from "./overlay-svg.js";
import { toast } from "./toasts.js";

const STYLES = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "opacity", "font-family", "font-size", "font-weight", "text-anchor", "stroke-linecap", "stroke-linejoin"];

/** Return a copy of an SVG whose computed styles are attributes, so that it needs no style sheet. */
function standalone(source) {
  const copy = source.cloneNode(true);
  const [from, to] = [[source, ...all("*", source)], [copy, ...all("*", copy)]];
  from.forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const name of STYLES) to[i].setAttribute(name, style.getPropertyValue(name));
    to[i].removeAttribute("class");
    to[i].removeAttribute("style");
  });
  return copy;
}

function texts(sheet, origin) {
  return all(".ov-name, .ov-sub, .ov-legend-name, .ov-reading-line", sheet).filter((element) => element.checkVisibility()).map((element) => {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const text = svg("text", { x: box.left - origin.left, y: box.top - origin.top + parseFloat(style.fontSize), fill: style.color, "font-family": style.fontFamily, "font-size": style.fontSize, "font-weight": style.fontWeight });
    text.textContent = element.textContent.length > 34 ? `${element.textContent.slice(0, 33)}…` : element.textContent;
    return text;
  });
}

function picture() {
  const sheet = one("#ov-sheet");
  const origin = sheet.getBoundingClientRect();
  const surface = getComputedStyle(one("#overlay")).backgroundColor;
  const drawing = svg("svg", { xmlns: "http://www.w3.org/2000/svg", width: origin.width, height: sheet.scrollHeight, viewBox: `0 0 ${origin.width} ${sheet.scrollHeight}` });
  drawing.append(svg("rect", { width: "100%", height: "100%", fill: surface === "rgba(0, 0, 0, 0)" ? getComputedStyle(document.body).backgroundColor : surface }));
  for (const source of all("svg:not(.icon)", sheet).filter((element) => !element.parentElement.closest("svg") && element.checkVisibility())) {
    const box = source.getBoundingClientRect();
    const copy = standalone(source);
    copy.setAttribute("x", box.left - origin.left);
    copy.setAttribute("y", box.top - origin.top);
    copy.setAttribute("width", box.width);
    copy.setAttribute("height", box.height);
    drawing.append(copy);
  }
  drawing.append(...texts(sheet, origin));
  return { text: new XMLSerializer().serializeToString(drawing), width: origin.width, height: sheet.scrollHeight };
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  one("#ov-more").hidePopover();
}

export function saveSvg(name) {
  save(new Blob([picture().text], { type: "image/svg+xml" }), name);
}

export function savePng(name) {
  const { text, width, height } = picture();
  const image = new Image();
  const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  image.onload = () => {
    const canvas = document.createElement("canvas");
    const ratio = Math.min(2, 8000 / height);
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(address);
    canvas.toBlob((blob) => (blob ? save(blob, name) : toast("The picture could not be made. Try the SVG.", { tone: "warn" })));
  };
  image.onerror = () => toast("The picture could not be made. Try the SVG.", { tone: "warn" });
  image.src = address;
}
