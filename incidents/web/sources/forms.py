"""The form that takes in a case bundle."""

from typing import Any

from django import forms

NEW = "-new-"


class ImportForm(forms.Form):
    """A .zip, where it goes, and how strictly."""

    bundle = forms.FileField(
        label="Case bundle",
        error_messages={"required": "Choose a .zip file.", "empty": "The file is empty: choose another."},
    )
    product = forms.ChoiceField(label="Product")
    product_name = forms.CharField(
        label="Name of the new product",
        required=False,
        max_length=80,
        help_text="Left empty, it is called after the case.",
    )
    all_or_nothing = forms.BooleanField(
        label="All or nothing per file",
        required=False,
        help_text="A file with a bad row is left out whole. Otherwise good rows go in and bad ones are listed.",
    )

    def __init__(self, *args: Any, products: list[tuple[str, str]], may_make: bool, **options: Any) -> None:
        """Offer the products into which the person may import, and a new one if they may make it."""
        super().__init__(*args, **options)
        choices = [*products, *([(NEW, "A new product")] if may_make else [])]
        self.fields["product"].choices = choices  # type: ignore[attr-defined]
        if not may_make:
            del self.fields["product_name"]
