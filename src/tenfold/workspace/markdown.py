"""Markdown as HTML that is safe to show: what people and programs wrote never runs, loads or frames anything.

CommonMark with tables and strikethrough. HTML in the text is shown as text; a picture from elsewhere becomes a link.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

OWN_PICTURES = ("/api/v1/media/", "/api/v1/versions/")
"""Where pictures may come from: this server."""


def to_html(text: str, *, pictures: bool = True) -> str:
    """The text as HTML without scripts, styles, frames or requests to other hosts.

    >>> to_html("**new** <script>alert(1)</script>")
    '<p><strong>new</strong> &lt;script&gt;alert(1)&lt;/script&gt;</p>\\n'

    Args:
        pictures: Show pictures of this server; false, as for a file that stands alone, makes links of them too.
    """
    return str(_parser(pictures).render(text))


def blocks_of(text: str) -> list[Token]:
    """The text's tokens, for those who draw some blocks themselves."""
    return _parser(False).parse(text)


def tokens_to_html(tokens: Sequence[Token]) -> str:
    """Tokens of `blocks_of` as HTML."""
    parser = _parser(False)
    return str(parser.renderer.render(tokens, parser.options, {}))


@lru_cache(maxsize=2)
def _parser(pictures: bool) -> MarkdownIt:
    parser = MarkdownIt("js-default", {"html": False, "linkify": False, "maxNesting": 40})

    def image(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        token = tokens[index]
        source, label = str(token.attrGet("src") or ""), token.content or str(token.attrGet("src") or "")
        if pictures and source.startswith(OWN_PICTURES) and ".." not in source:
            return f'<img src="{escape(source)}" alt="{escape(label)}" loading="lazy">'
        if not source.startswith(("http://", "https://", "/")):
            return escape(label)
        return f'<a href="{escape(source)}" target="_blank" rel="noreferrer nofollow">{escape(label)}</a>'

    def link(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        token = tokens[index]
        if not str(token.attrGet("href") or "").startswith(("/", "#")) or str(token.attrGet("href")).startswith("//"):
            token.attrSet("target", "_blank")
            token.attrSet("rel", "noreferrer nofollow")
        return str(renderer.renderToken(tokens, index, options, env))

    parser.add_render_rule("image", image)
    parser.add_render_rule("link_open", link)
    return parser
