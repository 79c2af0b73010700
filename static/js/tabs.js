/** On a small screen the tabs of a page scroll: the one that is open comes into sight. */
export function startTabs() {
  for (const open of document.querySelectorAll('.tabs > [aria-current="page"]')) {
    const row = open.parentElement;
    if (row.scrollWidth > row.clientWidth) {
      row.scrollLeft = open.offsetLeft - row.offsetLeft - (row.clientWidth - open.offsetWidth) / 2;
    }
  }
}
