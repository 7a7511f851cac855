from .build import run_study as run_study
from .gate.compare import check_document as check_document, compare as compare, compare_folders as compare_folders
from .gate.differences import Comparison as Comparison, Moved as Moved
from .kept_results import (
    Kept as Kept,
    join_characteristics as join_characteristics,
    keep_result as keep_result,
    load_kept as load_kept,
    save_kept as save_kept,
)
from .pages import (
    UNITS as UNITS,
    Chart as Chart,
    Document as Document,
    Fact as Fact,
    Section as Section,
    Table as Table,
    to_html as to_html,
    to_latex as to_latex,
    to_markdown as to_markdown,
    write_document as write_document,
    write_docx as write_docx,
    write_page as write_page,
    write_xlsx as write_xlsx,
)
