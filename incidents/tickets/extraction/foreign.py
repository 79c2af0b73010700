"""When it began, in other languages than English: "seit letztem Dienstag", "depuis deux semaines", "desde ayer".

The words that announce a beginning are looked for first, by one pattern over all languages, since dateparser takes
milliseconds for each guess; only the few words behind them are given to it, with the language they are in.
"""

import datetime as dt
import re
import warnings
from zoneinfo import ZoneInfo

MAX_TEXT = 4000
_LONGEST_WORDS = 5
_ANNOUNCED = {
    "de": r"seit(?:dem)?",
    "fr": r"depuis",
    "es": r"desde(?:\s+hace)?",
    "pt": r"desde(?:\s+há)?",
    "it": r"(?:da(?:l|lla|llo)?)",
    "nl": r"sinds",
    "pl": r"od",
    "ru": r"с",
}
# Words that only these languages have: "da" and "od" announce a time in a text that is in Italian or Polish at all.
_SPOKEN = {
    "de": r"\b(?:ich|und|nicht|ist|das|die|der)\b",
    "fr": r"\b(?:je|et|pas|est|les|une|ne)\b",
    "es": r"\b(?:el|los|no|es|una|que|muy)\b",
    "pt": r"\b(?:não|uma|está|que|os|muito)\b",
    "it": r"\b(?:non|una|che|sono|il|molto)\b",
    "nl": r"\b(?:het|een|niet|ik|en)\b",
    "pl": r"\b(?:nie|jest|się|na|to)\b",
    "ru": r"\b(?:не|и|на|что|это|в)\b",
}
_BEGINS = {
    language: re.compile(rf"\b{word}\s+((?:[\w.:-]+\s*){{1,{_LONGEST_WORDS}}})", re.I)
    for language, word in _ANNOUNCED.items()
}
_SPEAKS = {language: re.compile(words, re.I) for language, words in _SPOKEN.items()}
_FEWEST_WORDS = 2
# What a unit of time is called, and how many days wide "n of them ago" is.
_WIDE = {
    r"minut|min\b": 0.1,
    r"stund|heure|hora|ora\b|ore\b|uur|uren|godzin|час": 0.25,
    r"woche|semaine|semana|settiman|week|weken|tydzie|tygodni|недел": 7.0,
    r"monat|mois|mes\b|meses|mês|mese|mesi|maand|miesi|месяц": 30.0,
}
_LAST = re.compile(
    r"^(?:letzte[mnrs]?|vergangene[mnrs]?|afgelopen|vorige|zesz\w+|ostatni\w*)\s+(?=\w+$)"
    r"|(?<=\w)\s+(?:derni[eè]re?|passée?|pasad[oa]|passad[oa]|scors[oa])$",
    re.I,
)
_BARE = re.compile(r"^(?:dem|der|den|die|le|la|les|el|los|las|o|a|i|il|het|de)\s+", re.I)


def read_foreign_onset(
    text: str, *, reported_at: dt.datetime, zone: ZoneInfo
) -> tuple[dt.datetime, dt.datetime, str] | None:
    """Return (earliest, latest, words) of the first beginning that another language states, in local time, or None."""
    cut = text[:MAX_TEXT]
    for language, pattern in _BEGINS.items():
        if len(_SPEAKS[language].findall(cut)) < _FEWEST_WORDS:
            continue
        for hit in pattern.finditer(cut):
            found = _parsed(hit.group(1).split(), language, reported_at.astimezone(zone))
            if found is not None:
                first, last, n_words = found
                begun = hit.group()[: hit.start(1) - hit.start()]
                return first, last, f"{begun}{' '.join(hit.group(1).split()[:n_words])}".strip()
    return None


def _parsed(words: list[str], language: str, local: dt.datetime) -> tuple[dt.datetime, dt.datetime, int] | None:
    """Return the interval that the longest beginning of these words names, and how many words that took."""
    for n in range(len(words), 0, -1):
        told = _BARE.sub("", " ".join(words[:n]).strip(" .,;:!?"))
        if len(told) < 3:
            continue
        # "Last Tuesday" is a Tuesday; a last week is no day, and stays with its own words.
        moment = _date(told, language, local) or _date(_LAST.sub("", told), language, local)
        if moment is None or not local - dt.timedelta(days=400) < moment <= local:
            continue
        width = next((days for unit, days in _WIDE.items() if re.search(unit, told, re.I)), 1.0)
        if width == 1.0:
            start = moment.replace(hour=0, minute=0, second=0, microsecond=0)
            return start, start + dt.timedelta(days=1), n
        half = dt.timedelta(days=width / 2)
        return moment - half, moment + half, n
    return None


def _date(told: str, language: str, local: dt.datetime) -> dt.datetime | None:
    # dateparser takes a second to load and is needed by few tickets.
    import dateparser  # type: ignore[import-untyped]

    with warnings.catch_warnings():
        # It warns of days without a year, which are what people write.
        warnings.simplefilter("ignore")
        parsed = dateparser.parse(
            told,
            languages=[language],
            settings={
                "RELATIVE_BASE": local.replace(tzinfo=None),
                "PREFER_DATES_FROM": "past",
                "STRICT_PARSING": False,
            },
        )
    return None if parsed is None else parsed.replace(tzinfo=local.tzinfo)
