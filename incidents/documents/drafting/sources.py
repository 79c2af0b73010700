"""The templates that come with the workbench: Markdown with slots (templating.py)."""

OURS = """\
## Summary

{{ summary }}

## Impact

{{ figure }}

{{ impact }}

## Timeline

{{ timeline }}

## Contributing factors

{{ factors }}

## What we tested and rejected

{{ rejected }}

## What cannot be told apart

{{ unsure }}

## Why it took so long to see

{{ detection }}

## What we said, and when

{{ said }}

## What we are doing about it

{{ remedies }}

## About the numbers

{{ method }}
"""

# The order and the questions of a postmortem as Google's book on site reliability describes one.
SRE = """\
**Status:** {{ status }}

**Window:** {{ window }}

::: internal
**Authors:** [[to be written: who wrote this]]
:::

## Summary

{{ summary }}

## Impact

{{ figure }}

{{ impact }}

## Contributing factors

{{ factors }}

## Trigger

{{ trigger }}

## Resolution

{{ resolution }}

## Detection

{{ detection }}

## Action items

{{ remedies }}

## Lessons learned

### What went well

{{ went-well }}

### What went wrong

{{ went-wrong }}

### Where we got lucky

{{ lucky }}

## What we tested and rejected

{{ rejected }}

## What cannot be told apart

{{ unsure }}

## Timeline

{{ timeline }}

## What we said, and when

{{ said }}

## Supporting information

{{ method }}
"""

# The fields of a review as Atlassian's handbook of incident management names them.
ATLASSIAN = """\
## Incident summary

{{ summary }}

## Lead-up

{{ leadup }}

## Fault

{{ factors }}

## Impact

{{ figure }}

{{ impact }}

## Detection

{{ detection }}

## Response

[[to be written: who took part, when, and what stood in their way]]

## Recovery

{{ resolution }}

{{ recovery }}

## Timeline

{{ timeline }}

## What we tested and rejected

{{ rejected }}

## What cannot be told apart

{{ unsure }}

## What we said, and when

{{ said }}

## Lessons learned

{{ went-wrong }}

## Corrective actions

{{ remedies }}

## About the numbers

{{ method }}
"""

NOTICE = """\
## What changed

{{ changed }}

## Who is affected

{{ affected }}

## What you may notice

{{ noticed }}

## What to do

{{ todo }}

## How it ended

{{ ended }}

## What happens next

{{ next }}

## What we said before

{{ said }}
"""

SEGMENT_NOTICE = """\
# {{ title }} ({{ segment }})

{{ text }}

{{ untouched }}
"""

MACRO = """\
Thank you for your report, and we are sorry for the trouble.

{{ summary }}

{{ todo }}

{{ support }}

More: {{ link }}
"""
