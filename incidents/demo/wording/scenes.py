"""What a reporter was working on, so that file, function, language and test command of one ticket fit together."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scene:
    """One code base and two jobs in it: ``tasks`` are infinitives, ``jobs`` the matching nouns."""

    lang: str
    area: str
    file: str
    other: str
    func: str
    test: str
    tasks: tuple[str, ...]
    jobs: tuple[str, ...]


SCENES = (
    Scene("TypeScript", "the checkout service", "src/cart/totals.ts", "src/cart/discounts.ts", "applyDiscount",
          "npm test", ("move the discount rules into their own module", "fix the rounding in the cart total"),
          ("the discount refactor", "the rounding fix")),
    Scene("Python", "the invoice importer", "importer/parse.py", "importer/models.py", "parse_line", "pytest -q",
          ("make the parser accept empty columns", "split the importer into two steps"),
          ("the parser change", "the importer split")),
    Scene("Go", "the rate limiter", "limiter/bucket.go", "limiter/store.go", "takeTokens", "go test ./...",
          ("replace the mutex with a channel", "add a sliding window to the limiter"),
          ("the limiter rewrite", "the sliding window work")),
    Scene("Rust", "the expression parser", "src/lexer.rs", "src/parser.rs", "next_token", "cargo test",
          ("support nested comments in the lexer", "return errors instead of panicking"),
          ("the lexer change", "the error handling clean-up")),
    Scene("Java", "the booking backend", "booking/SeatService.java", "booking/SeatRepository.java", "reserveSeat",
          "./gradlew test", ("make the reservation idempotent", "remove the deprecated seat API"),
          ("the reservation change", "the seat API removal")),
    Scene("Kotlin", "the offline sync", "sync/Queue.kt", "sync/Conflict.kt", "mergeQueue", "./gradlew check",
          ("resolve conflicts by last write", "retry failed uploads"), ("the conflict work", "the upload retry")),
    Scene("Swift", "the photo editor", "Editor/CropView.swift", "Editor/History.swift", "applyCrop", "swift test",
          ("add undo to the crop tool", "fix the crop on rotated photos"), ("the undo feature", "the crop fix")),
    Scene("C#", "the payroll module", "Payroll/Calculator.cs", "Payroll/Rules.cs", "NetAmount", "dotnet test",
          ("add the new overtime rule", "move the tax table to configuration"),
          ("the overtime rule", "the tax table move")),
    Scene("C++", "the mesh loader", "mesh/loader.cpp", "mesh/index.cpp", "readFaces", "ctest",
          ("read faces with more than four vertices", "drop the raw pointers in the loader"),
          ("the loader change", "the pointer clean-up")),
    Scene("Ruby", "the mailing list app", "app/models/subscriber.rb", "app/models/digest.rb", "next_digest",
          "bundle exec rspec", ("send the weekly digest in batches", "rename the subscriber states"),
          ("the digest batching", "the state rename")),
    Scene("PHP", "the shop plugin", "src/Stock.php", "src/Order.php", "reduceStock", "composer test",
          ("reserve stock when an order is placed", "fix the negative stock count"),
          ("the stock reservation", "the stock fix")),
    Scene("Elixir", "the chat server", "lib/room.ex", "lib/presence.ex", "handle_join", "mix test",
          ("limit the members of a room", "clean up stale presences"), ("the room limit", "the presence clean-up")),
    Scene("Scala", "the event pipeline", "pipeline/Window.scala", "pipeline/Sink.scala", "closeWindow", "sbt test",
          ("handle late events", "write each window once"), ("the late event handling", "the window fix")),
    Scene("SQL", "the reporting warehouse", "models/orders.sql", "models/refunds.sql", "net_revenue", "make check",
          ("join refunds into the revenue report", "make the order model incremental"),
          ("the revenue report", "the incremental model")),
    Scene("Terraform", "the staging environment", "network/main.tf", "network/outputs.tf", "subnet_ids",
          "terraform validate", ("split the network module", "add a second subnet per zone"),
          ("the module split", "the subnet change")),
    Scene("JavaScript", "the calendar widget", "src/calendar.js", "src/timezones.js", "weekStart", "npm test",
          ("show events across midnight", "fix the week start for other locales"),
          ("the midnight fix", "the locale work")),
    Scene("Python", "the forecast service", "forecast/features.py", "forecast/train.py", "build_features", "make test",
          ("cache the feature table", "replace the loops with array code"),
          ("the feature cache", "the vectorising work")),
    Scene("TypeScript", "the admin dashboard", "src/pages/Users.tsx", "src/api/users.ts", "useUserList",
          "npm run check", ("add paging to the user list", "move the filters into the address bar"),
          ("the paging work", "the filter change")),
    Scene("Go", "the backup agent", "agent/upload.go", "agent/retry.go", "resumeUpload", "go test ./agent",
          ("resume interrupted uploads", "add a checksum to every chunk"), ("the resume feature", "the checksum work")),
    Scene("C", "the sensor firmware", "drivers/i2c.c", "drivers/power.c", "i2c_read", "make test",
          ("add a timeout to the bus driver", "wake the sensor only when needed"),
          ("the bus driver work", "the power saving work")),
    Scene("Python", "the support inbox", "inbox/threads.py", "inbox/labels.py", "merge_threads", "pytest tests/inbox",
          ("merge duplicate threads", "stop losing labels on merge"), ("the thread merge", "the label fix")),
    Scene("Rust", "the log shipper", "src/tail.rs", "src/batch.rs", "read_chunk", "cargo test --all",
          ("follow rotated files", "flush batches on shutdown"), ("the rotation support", "the shutdown fix")),
)  # fmt: skip

RULES = (
    "run the tests before saying done",
    "never edit generated files",
    "ask before adding a dependency",
    "do not commit to main",
    "one change per commit",
    "no new files without asking",
    "leave the public API alone",
    "read the whole file before editing it",
    "British spelling in comments",
    "do not touch the migrations",
    "never weaken a test to make it pass",
    "no TODO comments",
    "use the existing helpers",
    "explain every schema change",
)

BREAKS = (
    "lunch", "a long meeting", "the lunch break", "a two-hour break", "a couple of meetings", "the school run",
    "an hour at the gym", "dinner", "a long call", "my commute",
)  # fmt: skip

BEFORE = ("a month ago", "last month", "two weeks ago", "a few weeks ago", "three weeks ago", "six weeks ago")

FAILURES = (
    ("500", "internal server error"),
    ("502", "bad gateway"),
    ("503", "service unavailable"),
    ("529", "overloaded"),
)

PRODUCT_WORDS = ("Alder Code", "Alder Code", "Alder", "Alder")

PLATFORM_WORDS = {
    "macos": ("macOS", "a Mac", "macOS"),
    "windows": ("Windows 11", "Windows"),
    "linux": ("Linux", "Ubuntu", "Fedora"),
    "wsl": ("WSL", "Windows with WSL"),
}

SURFACE_WORDS = {
    "cli": ("CLI", "command line", "terminal client"),
    "ide": ("editor extension", "IDE extension"),
    "desktop": ("desktop app",),
    "web": ("web app", "browser version"),
}

PLAN_WORDS = {"free": "Free", "plus": "Plus", "pro": "Pro", "team": "Team", "enterprise": "Enterprise"}
