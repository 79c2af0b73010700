"""Pages about one product at a time: which one the reader chose."""

from typing import Any

from django.http import HttpRequest

from incidents.catalog.queries import visible_products


def product_context(request: HttpRequest) -> dict[str, Any]:
    """Return `products` (those the person may view) and `product`: the one asked for, else the first, else None."""
    products = list(visible_products(request.user))
    wanted = request.GET.get("product", "")
    product = next((one for one in products if one.slug == wanted), products[0] if products else None)
    return {"products": products, "product": product}
