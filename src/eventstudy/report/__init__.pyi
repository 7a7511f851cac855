from .build import run_study as run_study
from .document import (  # type: ignore[attr-defined]  # a chart is made in plots; here it is placed
    UNITS as UNITS,
    Chart as Chart,
    Document as Document,
    Fact as Fact,
    Section as Section,
    Table as Table,
)
from .gate.compare import check_document as check_document, compare_folders as compare_folders
from .gate.differences import Comparison as Comparison, Moved as Moved
from .kept_results import (
    Kept as Kept,
    join_characteristics as join_characteristics,
    keep_result as keep_result,
    load_kept as load_kept,
    save_kept as save_kept,
)
from .latex_markdown_xlsx import to_latex as to_latex, to_markdown as to_markdown, write_xlsx as write_xlsx
from .page.write import write_document as write_document
