from small_report import document, hostile, make  # noqa: F401  fixtures, for the tests of the report too
