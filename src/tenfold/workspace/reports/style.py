"""The style sheet of an exported report: the page's tokens in small, so that the file stands alone."""

_COLOURS = (
    "light-dark(#0b6bb0,#5aa9e6)", "light-dark(#cf5408,#f08a4b)", "light-dark(#07875f,#35c79b)", "light-dark(#b34a88,#e59ac6)",
    "light-dark(#a87400,#e5b02e)", "light-dark(#2f93cf,#93d3ff)", "light-dark(#6449bd,#a994f0)", "light-dark(#774f2d,#c79a72)",
)  # fmt: skip

STYLE = (
    """
:root{color-scheme:light dark;--ground:light-dark(#fff,#141417);--ink:light-dark(#17171c,#ececf1);--soft:light-dark(#55555f,#a6a6b2);
--line:light-dark(#e6e6eb,#28282e);--sunk:light-dark(#f7f7f9,#0f0f12);--act:light-dark(#5443c4,#a99bf7);--bad:light-dark(#c02626,#ff8080)}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}
main{max-width:860px;margin:0 auto;padding:40px 20px 80px}h1{font-size:26px;line-height:1.25;margin:0 0 16px}h2{font-size:19px;margin:36px 0 8px}h3{font-size:16px;margin:28px 0 6px}
p,ul,ol,pre,blockquote{margin:12px 0}a{color:var(--act)}code,pre{font:13px ui-monospace,"SF Mono",Menlo,monospace}pre{background:var(--sunk);border:1px solid var(--line);border-radius:5px;padding:10px 12px;overflow:auto}
blockquote{border-left:3px solid var(--line);padding-left:12px;color:var(--soft)}.soft,figcaption,footer,summary{color:var(--soft)}.bad{color:var(--bad)}
figure{margin:24px 0}figcaption{font-size:13px;font-weight:600;color:var(--ink);margin-bottom:6px}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}.wide{overflow-x:auto}th,td{padding:4px 16px 4px 0;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}
th{color:var(--soft);font-weight:550;font-size:12px}td.n{text-align:right}img{max-width:100%;height:auto}
.curves{display:block;width:100%;height:auto}.curves path{fill:none;stroke-width:1.6;stroke-linejoin:round}.curves .grid{stroke:var(--line);stroke-width:1}.curves text{font:11px system-ui,sans-serif;fill:var(--soft)}.end{text-anchor:end}.mid{text-anchor:middle}
.keys{list-style:none;display:flex;flex-wrap:wrap;gap:2px 16px;margin:6px 0;padding:0;font-size:13px}.keys i{display:inline-block;width:14px;border-top:2.5px solid;margin-right:6px;vertical-align:middle}.keys .dashed{border-top-style:dashed}
summary{cursor:pointer;font-size:13px}.pictures{display:flex;flex-wrap:wrap;gap:16px}.pictures>div{max-width:320px}.pictures p{margin:0 0 4px;font-size:13px}.pictures img{image-rendering:auto;min-width:160px}
footer{margin-top:48px;border-top:1px solid var(--line);padding-top:8px;font-size:12px}
""".replace("\n", "")
    + "".join(f".curves .c{number}{{stroke:{colour}}}.keys .k{number}{{border-color:{colour}}}" for number, colour in enumerate(_COLOURS))
)  # fmt: skip
