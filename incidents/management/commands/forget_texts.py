"""Erase what people wrote in tickets older than a number of days; counts stay."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from incidents.catalog.models import Product
from incidents.tickets.reporters import forget_old_texts


class Command(BaseCommand):
    """`manage.py forget_texts --older-than DAYS [--product SLUG]`."""

    help = "Erase words, reporters and addresses of tickets reported more than DAYS days ago. This cannot be undone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--older-than", type=int, required=True, metavar="DAYS", help="at least 1")
        parser.add_argument("--product", metavar="SLUG", help="one product; all where it is left out")

    def handle(self, *_: Any, **options: Any) -> None:
        """Erase product by product."""
        if options["older_than"] < 1:
            raise CommandError("--older-than must be at least 1 day.")
        products = Product.objects.all()
        if options["product"]:
            products = products.filter(slug=options["product"])
            if not products.exists():
                raise CommandError(f"There is no product {options['product']!r}: give its short name.")
        before = timezone.now() - timedelta(days=options["older_than"])
        for product in products:
            n = forget_old_texts(product=product, before=before)
            self.stdout.write(f"{product.slug}: the words of {n:,} tickets were erased.")
