"""The mark of the public site, and the triggers that move it."""

from django.db import migrations, models

MOVED = """
create function incidents_public_site_moved() returns trigger language plpgsql as $$
begin
  insert into incidents_publicsite as site (id, mark, changed_at, moved_in)
  values (1, gen_random_uuid(), date_trunc('second', clock_timestamp()), txid_current())
  on conflict (id) do update set
    mark = gen_random_uuid(),
    changed_at = case when site.moved_in = txid_current() then site.changed_at
      else greatest(date_trunc('second', clock_timestamp()), site.changed_at + interval '1 second') end,
    moved_in = txid_current();
  return null;
end $$;
create trigger public_site_publication after insert or update or delete on incidents_publication
  for each statement execute function incidents_public_site_moved();
create trigger public_site_theme after insert or update or delete on incidents_theme
  for each statement execute function incidents_public_site_moved();
create trigger public_site_product after update on incidents_product for each row
  when ((old.name, old.slug, old.timezone) is distinct from (new.name, new.slug, new.timezone))
  execute function incidents_public_site_moved();
insert into incidents_publicsite (id, mark, changed_at, moved_in)
  values (1, gen_random_uuid(), date_trunc('second', clock_timestamp()), txid_current());
"""
UNMOVED = """
drop trigger public_site_publication on incidents_publication;
drop trigger public_site_theme on incidents_theme;
drop trigger public_site_product on incidents_product;
drop function incidents_public_site_moved();
"""


class Migration(migrations.Migration):
    """Adds a table of one row: nothing is rewritten."""

    dependencies = [("incidents", "0018_taxonomy")]

    operations = [
        migrations.CreateModel(
            name="PublicSite",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("mark", models.UUIDField()),
                ("changed_at", models.DateTimeField()),
                ("moved_in", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="public_site_is_one"),
                ],
            },
        ),
        migrations.RunSQL(MOVED, UNMOVED),
    ]
