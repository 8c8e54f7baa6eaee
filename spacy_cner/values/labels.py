"""The kinds of values."""

LABELS = (
    *("DATE", "TIME", "DURATION", "MONEY", "PERCENT", "QUANTITY", "CARDINAL", "ORDINAL"),
    *("PHONE", "EMAIL", "URL", "ID"),
)
