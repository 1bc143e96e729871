"""How Sphinx builds the documentation; `tox -e docs` does it with warnings as errors."""

import sys
from pathlib import Path

from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.highlighting import lexers
from sphinx.util.docutils import SphinxDirective

from mwaa_async import __version__

sys.path.insert(0, str(Path(__file__).parent))

from generated import PARTS  # beside this file

project = "mwaa-async"
author = "the authors of mwaa-async"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton"]
exclude_patterns = ["_build"]

myst_heading_anchors = 4
myst_enable_extensions = ["attrs_block", "colon_fence"]

# Docstrings have one pair of backticks around code, as Markdown has.
default_role = "code"
autodoc_default_options = {"members": True, "undoc-members": True, "member-order": "bysource"}
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_class_signature = "mixed"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88

lexers["csv"] = lexers["mermaid"] = TextLexer()  # drawing a diagram would take a script from another host
smartquotes = False  # an option's two dashes are two

copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True

html_theme = "furo"
html_title = "mwaa-async"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False


class Generated(SphinxDirective):
    """A part of a page that is written by the code."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()
        return self.parse_text_to_nodes(PARTS[self.arguments[0]](), allow_section_headings=True)


def setup(app: Sphinx) -> None:
    app.add_directive("generated", Generated)
