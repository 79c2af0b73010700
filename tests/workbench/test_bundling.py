"""Modules and sheets put together: what runs is the same, and what cannot be put together is named."""

import pytest

from workbench.bundling import BundleError, bundled

DOM = "export const one = () => 1;\n"
NEAR = """import { one } from "./dom.js";
export function two() { return one() + one(); }
export class Far {}
"""


def test_a_page_holds_what_it_alone_imports() -> None:
    texts = {
        "js/dom.js": DOM,
        "js/near.js": NEAR,
        "js/page.js": 'import { one } from "./dom.js";\nimport { two as both } from "./near.js";\nboth(one());\n',
        "js/other.js": 'import { one } from "./dom.js";\none();\n',
    }
    made = bundled(texts)
    page = made["js/page.js"]
    assert page.startswith('import * as module_dom from "./dom.js";\nconst module_near = (() => {')
    assert "const { one } = module_dom;" in page
    assert "return { two, Far };" in page
    assert page.endswith("const { two: both } = module_near;\nboth(one());\n")
    assert "export" not in page
    assert made["js/other.js"] == 'import * as module_dom from "./dom.js";\nconst { one } = module_dom;\none();\n'
    assert "js/dom.js" not in made, "two pages reach it: it stays a file"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("export let a = 1;\n", "js/near.js, line 1"),
        ("const a = 1;\nexport { a };\n", "js/near.js, line 2"),
        ("export default 1;\n", "js/near.js, line 1"),
        ("export const a = 1;\nawait a;\n", "js/near.js, line 2"),
        ('export const a = () => import("./x.js");\n', "js/near.js, line 1"),
        ('import { b } from "./page.js";\nexport const a = b;\n', "imports itself"),
        ('import { b } from "./gone.js";\nexport const a = b;\n', "js/near.js imports js/gone.js"),
    ],
)
def test_what_cannot_be_bundled_is_named(text: str, told: str) -> None:
    # The root keeps a circle from having no entry at all.
    page = 'import { a } from "./near.js";\nexport const b = a;\n'
    with pytest.raises(BundleError, match=told):
        bundled({"js/near.js": text, "js/page.js": page, "js/root.js": 'import { b } from "./page.js";\nb();\n'})


def test_a_sheet_holds_what_it_imports() -> None:
    texts = {
        "css/app.css": '@layer a, b;\n@import url("reset.css");\n@import url("print.css") print;\n',
        "css/reset.css": '@import url("../vendor/n/n.css") layer(a);\n',
        "css/print.css": "p { color: black; }",
        "vendor/n/n.css": "body { margin: 0; }",
    }
    made = bundled(texts)
    assert made["css/app.css"] == (
        "@layer a, b;\n@layer a {\nbody { margin: 0; }\n}\n\n@media print {\np { color: black; }\n}\n"
    )
    texts["vendor/n/n.css"] = 'body { background: url("x.png"); }'
    with pytest.raises(BundleError, match=r"vendor/n/n\.css names files"):
        bundled(texts)
